"""What goes wrong between us and any service, shown on one of them: what is asked again, what is not, what is said."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from folkmoot.kernel import FolkmootError
from folkmoot.tools.integrations import HubSpot, SendGrid
from folkmoot.tools.integrations.dialect import Dialect
from folkmoot.tools.integrations.errors import (
    OutcomeUnknownError,
    ServiceAnswerInvalidError,
    ServiceDownError,
    ServiceForbiddenError,
    ServiceLimitedError,
    ServiceRefusedError,
    ServiceRestingError,
    ServiceTooLargeError,
    ServiceUnauthorizedError,
)
from folkmoot.tools.integrations.request import CallRules
from folkmoot.tools.integrations.sendgrid import Letter
from tests.integrations.hasty import PATIENT, HastyClock
from tests.integrations.servers.hubspot import TOKEN, HubSpotServer
from tests.integrations.servers.sendgrid import KEY, SENDER, SendGridServer
from tests.integrations.servers.wire import BreakOff, Garble, Hang, Refuse, Vanish, free_port
from tests.waiting import wait_until

CONTACTS = "GET /crm/v3/objects/contacts"
LIMITED = {"status": "error", "message": "You have reached your ten_secondly_rolling limit.",
           "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}  # fmt: skip
LETTER = Letter(to="zoe@kunde.example", subject="Hello", text="Good day.")


def waits(clock: HastyClock) -> list[float]:
    return [one.total_seconds() for one in clock.slept]


@pytest.mark.parametrize(
    "fault", [Refuse(503), Refuse(500), Vanish(), Vanish(done=True), BreakOff(), Garble(b"<html>")]
)
async def test_a_question_is_asked_again(
    fault: Refuse | Vanish | BreakOff | Garble, hubspot: HubSpot, hubspot_server: HubSpotServer, hasty: HastyClock
) -> None:
    hubspot_server.fail(fault, times=2)
    await hubspot.probe()
    assert hubspot_server.lines == [CONTACTS] * 3
    first, second = waits(hasty)
    assert 0.25 <= first <= 0.5
    assert 0.5 <= second <= 1.0


async def test_it_gives_up_after_four_attempts_and_says_what_it_saw(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    hubspot_server.fail(Refuse(502, {"message": "bad gateway"}), times=9)
    with pytest.raises(ServiceDownError, match=r"HubSpot is failing \(502: bad gateway\)"):
        await hubspot.probe()
    assert len(hubspot_server.asked) == 4


async def test_retry_after_in_seconds_is_kept_to(
    hubspot: HubSpot, hubspot_server: HubSpotServer, hasty: HastyClock
) -> None:
    hubspot_server.fail(Refuse(429, LIMITED, {"Retry-After": "7"}))
    await hubspot.probe()
    assert 7 <= waits(hasty)[0] < 7.2


async def test_retry_after_as_a_date_is_kept_to(
    hubspot: HubSpot, hubspot_server: HubSpotServer, hasty: HastyClock
) -> None:
    until = format_datetime(hasty.now() + timedelta(seconds=5), usegmt=True)
    hubspot_server.fail(Refuse(503, None, {"Retry-After": until}))
    await hubspot.probe()
    assert 5 <= waits(hasty)[0] < 5.2


async def test_without_retry_after_waits_grow(
    hubspot: HubSpot, hubspot_server: HubSpotServer, hasty: HastyClock
) -> None:
    hubspot_server.fail(Refuse(429, LIMITED), times=3)
    await hubspot.probe()
    assert len(waits(hasty)) == 3
    assert 1.0 <= waits(hasty)[2] <= 2.0


async def test_a_long_retry_after_is_not_waited_for_and_everybody_keeps_away_until_then(
    hubspot: HubSpot, hubspot_server: HubSpotServer, hasty: HastyClock
) -> None:
    hubspot_server.fail(Refuse(429, LIMITED, {"Retry-After": "600"}))
    with pytest.raises(ServiceLimitedError, match="ten_secondly_rolling") as caught:
        await hubspot.probe()
    assert caught.value.fields["retry_after"] == 600
    assert not hasty.slept
    with pytest.raises(ServiceRestingError):
        await hubspot.probe()
    assert len(hubspot_server.asked) == 1
    hasty.advance(timedelta(seconds=600))
    await hubspot.probe()
    assert hubspot.calls.standing.report().condition == "ok"


async def test_what_a_day_holds_is_not_asked_for_every_second(
    hubspot: HubSpot, hubspot_server: HubSpotServer, hasty: HastyClock
) -> None:
    hubspot_server.fail(Refuse(429, {"message": "You have reached your daily limit.", "policyName": "DAILY"}))
    with pytest.raises(ServiceLimitedError, match="daily limit"):
        await hubspot.probe()
    hasty.advance(timedelta(minutes=14))
    with pytest.raises(ServiceRestingError):
        await hubspot.probe()
    hasty.advance(timedelta(minutes=1))
    await hubspot.probe()
    assert len(hubspot_server.asked) == 2


async def test_a_letter_is_sent_again_only_where_it_surely_was_not_taken(
    sendgrid: SendGrid, sendgrid_server: SendGridServer
) -> None:
    sendgrid_server.fail(Refuse(429))
    sendgrid_server.fail(Refuse(503))
    assert await sendgrid.send(LETTER, key="k") == "msg-1"
    assert len(sendgrid_server.asked) == 3
    assert len(sendgrid_server.sent) == 1


@pytest.mark.parametrize("fault", [Vanish(), Vanish(done=True), Refuse(500), Refuse(502), Refuse(504)])
async def test_a_letter_whose_answer_is_lost_is_never_sent_again(
    fault: Refuse | Vanish, sendgrid: SendGrid, sendgrid_server: SendGridServer
) -> None:
    sendgrid_server.fail(fault)
    with pytest.raises(OutcomeUnknownError, match="look there first"):
        await sendgrid.send(LETTER, key="k")
    assert len(sendgrid_server.asked) == 1
    assert len(sendgrid_server.sent) <= 1


async def test_a_letter_was_taken_if_the_status_says_so_whatever_follows(
    sendgrid: SendGrid, sendgrid_server: SendGridServer
) -> None:
    sendgrid_server.fail(BreakOff())
    sendgrid_server.fail(Garble(b"<html>"))
    assert [await sendgrid.send(LETTER, key=key) for key in "ab"] == ["msg-1", "msg-2"]


async def test_a_letter_is_sent_again_if_nobody_listened(hasty: HastyClock) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    client = SendGrid(key=KEY, sender=SENDER, sender_name="", clock=hasty, url=url, rules=PATIENT)
    with pytest.raises(ServiceDownError, match="cannot be reached"):
        await client.send(LETTER, key="k")
    assert len(hasty.slept) == 3
    await client.close()


async def test_a_service_that_says_nothing_is_not_waited_for(hubspot_server: HubSpotServer, hasty: HastyClock) -> None:
    rules = CallRules(timeout=timedelta(seconds=0.05), attempts=2)
    client = HubSpot(token=TOKEN, clock=hasty, url=hubspot_server.url, rules=rules)
    hubspot_server.fail(Hang(), times=2)
    with pytest.raises(ServiceDownError, match=r"no answer within 0\.05 s"):
        await client.probe()
    await client.close()


async def test_a_slow_service_does_not_take_a_letter_twice(sendgrid_server: SendGridServer, hasty: HastyClock) -> None:
    rules = CallRules(timeout=timedelta(seconds=0.05))
    client = SendGrid(key=KEY, sender=SENDER, sender_name="", clock=hasty, url=sendgrid_server.url, rules=rules)
    sendgrid_server.fail(Hang())
    with pytest.raises(OutcomeUnknownError, match="no answer within"):
        await client.send(LETTER, key="k")
    await client.close()


@pytest.mark.parametrize("raw", [b"", b"{", b"<html>no</html>", b"[1, 2]", b"null", b'"ok"', b"\xff\xfe", b"NaN"])
async def test_an_answer_that_is_no_json_object_is_named_as_such(
    raw: bytes, hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    hubspot_server.fail(Garble(raw), times=4)
    with pytest.raises(ServiceAnswerInvalidError, match="no JSON object"):
        await hubspot.probe()


async def test_an_answer_without_what_the_api_promises_is_named_as_such(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    hubspot_server.fail(Garble(b'{"results": {"a": 1}}'))
    with pytest.raises(ServiceAnswerInvalidError, match="without a list of 'results'"):
        _ = [one async for one in hubspot.contacts()]


async def test_an_answer_that_is_far_too_large_is_not_read(hubspot_server: HubSpotServer, hasty: HastyClock) -> None:
    rules = CallRules(timeout=timedelta(seconds=30), largest_answer=1000)
    client = HubSpot(token=TOKEN, clock=hasty, url=hubspot_server.url, rules=rules)
    for number in range(20):
        hubspot_server.add("contacts", email=f"person-{number}@kunde.example")
    with pytest.raises(ServiceTooLargeError):
        _ = [one async for one in client.contacts()]
    await client.close()


async def test_a_redirect_is_not_followed(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    hubspot_server.fail(Refuse(302, None, {"Location": "http://127.0.0.1:1/steal"}))
    with pytest.raises(ServiceAnswerInvalidError, match="points elsewhere"):
        await hubspot.probe()
    assert len(hubspot_server.asked) == 1


async def test_a_wrong_key_is_named_and_asked_with_once(hubspot_server: HubSpotServer, hasty: HastyClock) -> None:
    client = HubSpot(token="pat-wrong", clock=hasty, url=hubspot_server.url, rules=PATIENT)
    with pytest.raises(ServiceUnauthorizedError, match="does not accept the key"):
        await client.probe()
    assert len(hubspot_server.asked) == 1
    assert client.calls.standing.report().condition == "down"
    await client.close()


async def test_a_key_that_may_not_do_this_is_told_from_a_wrong_one(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    hubspot_server.scopes.discard("crm.objects.contacts.read")
    with pytest.raises(ServiceForbiddenError, match=r"hasn't been granted crm\.objects\.contacts\.read"):
        await hubspot.probe()


async def test_what_the_service_refuses_is_not_asked_again_and_is_no_fault_of_it(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    with pytest.raises(ServiceRefusedError, match="nickname"):
        await hubspot.save_contact("zoe@kunde.example", {"nickname": "Zo"}, at_first={})
    assert len(hubspot_server.asked) == 2
    assert hubspot.calls.standing.report().condition == "ok"


async def test_five_failures_open_the_breaker_and_one_call_closes_it(
    hubspot: HubSpot, hubspot_server: HubSpotServer, hasty: HastyClock
) -> None:
    hubspot_server.fail(Refuse(500), times=5)
    for _ in range(2):
        with pytest.raises(ServiceDownError):
            await hubspot.probe()
    assert len(hubspot_server.asked) == 5  # four, then one that opened it
    report = hubspot.calls.standing.report()
    assert report.condition == "down"
    assert "breaker open" in report.detail
    assert "HubSpot is failing (500)" in report.detail
    with pytest.raises(ServiceRestingError):
        await hubspot.probe()
    assert len(hubspot_server.asked) == 5
    hasty.advance(timedelta(seconds=30))
    assert hubspot.calls.standing.report().condition == "degraded"
    # Of many that come at once, one tries.
    found = await asyncio.gather(*(hubspot.probe() for _ in range(10)), return_exceptions=True)
    assert len([one for one in found if one is None]) >= 1
    assert all(one is None or isinstance(one, ServiceRestingError) for one in found)
    assert hubspot.calls.standing.report().condition == "ok"


async def test_a_cancelled_trial_does_not_block_the_next(
    hubspot: HubSpot, hubspot_server: HubSpotServer, hasty: HastyClock
) -> None:
    hubspot_server.fail(Refuse(500), times=8)
    for _ in range(2):
        with pytest.raises(ServiceDownError):
            await hubspot.probe()
    hubspot_server._faults.clear()
    hasty.advance(timedelta(minutes=5))
    hubspot_server.fail(Hang())
    trial = asyncio.create_task(hubspot.probe())
    await wait_until(lambda: len(hubspot_server.asked) == 6)
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial
    await hubspot.probe()


async def test_pages_are_followed_to_the_last(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    hubspot_server.page = 2
    for number in range(7):
        hubspot_server.add("contacts", email=f"person-{number}@kunde.example")
    found = [one["email"] async for one in hubspot.contacts("email")]
    assert found == [f"person-{number}@kunde.example" for number in range(7)]
    assert [one.query.get("after") for one in hubspot_server.asked] == [None, "2", "4", "6"]


async def test_a_fault_on_the_third_page_loses_and_doubles_nothing(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    hubspot_server.page = 2
    for number in range(6):
        hubspot_server.add("contacts", email=f"person-{number}@kunde.example")
    found = []
    async for one in hubspot.contacts("email"):
        found.append(one["email"])
        if len(found) == 4:
            hubspot_server.fail(BreakOff())
    assert found == [f"person-{number}@kunde.example" for number in range(6)]


async def test_a_list_that_goes_in_a_circle_ends(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    circle = b'{"results": [], "paging": {"next": {"after": "1"}}}'
    hubspot_server.fail(Garble(circle), times=5)
    with pytest.raises(ServiceAnswerInvalidError, match="without an end"):
        _ = [one async for one in hubspot.contacts()]


@pytest.mark.parametrize(("value", "seconds"), [("3", 3), ("0", 0), ("-5", 0), ("1e9", 86_400), ("soon", None),
                                                ("nan", None), ("", None), ("Fri, 31 Dec 1999", None)])  # fmt: skip
def test_every_retry_after_has_a_meaning(value: str, seconds: float | None, hasty: HastyClock) -> None:
    found = Dialect().wait(httpx.Headers({"Retry-After": value}), hasty.now())
    assert found == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"null", b"1", b"\xff", b'{"message": 7}', b'{"error": [1]}'])
def test_any_body_of_a_refusal_is_read(body: bytes, hasty: HastyClock) -> None:
    from folkmoot.tools.integrations.google_dialect import GoogleDialect
    from folkmoot.tools.integrations.hubspot import HubSpotDialect
    from folkmoot.tools.integrations.sendgrid import SendGridDialect

    for dialect in (Dialect(), GoogleDialect(), HubSpotDialect(), SendGridDialect()):
        for status in (400, 403, 418, 429, 500, 599):
            assert dialect.read(status, httpx.Headers(), body, hasty.now()).message == ""


async def test_no_error_says_the_key(hubspot_server: HubSpotServer, hasty: HastyClock) -> None:
    """The service repeats the header that it was given; nobody else does."""
    client = HubSpot(token="pat-eu1-secret-of-somebody", clock=hasty, url=hubspot_server.url, rules=PATIENT)
    with pytest.raises(FolkmootError) as caught:
        await client.probe()
    said = f"{caught.value.message} {caught.value.fields} {client.calls.standing.report()} {caught.value!r}"
    assert "credentials not found" in said
    assert "secret-of-somebody" not in said
    await client.close()
