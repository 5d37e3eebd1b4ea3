"""The calendar: tokens that end, slots that are taken, bookings whose answer is lost."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from folkmoot.tools.integrations import GoogleCalendar
from folkmoot.tools.integrations.errors import (
    OutcomeUnknownError,
    ServiceAnswerInvalidError,
    ServiceConflictError,
    ServiceLimitedError,
    ServiceNotConfiguredError,
    ServiceNotFoundError,
    ServiceRefusedError,
    ServiceUnauthorizedError,
)
from folkmoot.tools.integrations.google_calendar import Meeting, event_id_of, zone_of
from folkmoot.tools.integrations.google_credentials import (
    AccessToken,
    AuthorizedUser,
    GoogleCredentials,
    ServiceAccount,
    credentials_of,
    read_credentials,
)
from tests.integrations.hasty import PATIENT, HastyClock, service_account
from tests.integrations.servers.google import CLIENT_SECRET, REFRESH, CalendarServer, calendar_path, no
from tests.integrations.servers.wire import BreakOff, Garble, Refuse, Vanish

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)  # ten o'clock in Berlin
HOUR = timedelta(hours=1)
CALL = Meeting(title="Qualification call: Zoe", text="About a shop.", guest="zoe@kunde.example", length=HOUR)
INSERT = f"POST {calendar_path().replace('%40', '@')}"


def client_for(server: CalendarServer, credentials: GoogleCredentials, clock: HastyClock, name: str) -> GoogleCalendar:
    from datetime import time

    from folkmoot.tools.integrations.slots import WorkingHours

    hours = WorkingHours(opens=time(9), closes=time(17), zone=zone_of("Europe/Berlin"))
    return GoogleCalendar(
        calendar_id=name, credentials=credentials, hours=hours, clock=clock, url=server.url, rules=PATIENT
    )


async def test_the_first_free_slot_is_booked_and_the_guest_invited(
    calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    calendar_server.add(MONDAY, HOUR)
    booking = await calendar.book(CALL, key="key-1", after=MONDAY, zone=zone_of("America/New_York"))
    assert (booking.start, booking.end) == (MONDAY + HOUR, MONDAY + 2 * HOUR)
    assert booking.new
    assert booking.invited
    assert calendar_server.invitations == ["zoe@kunde.example"]
    event = calendar_server.events[booking.event_id]
    assert event["start"] == {"dateTime": "2026-01-05T05:00:00-05:00", "timeZone": "America/New_York"}
    assert event["summary"] == "Qualification call: Zoe"


async def test_asked_again_the_same_call_is_the_same_meeting(
    calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    first = await calendar.book(CALL, key="key-1", after=MONDAY)
    again = await calendar.book(CALL, key="key-1", after=MONDAY)
    other = await calendar.book(CALL, key="key-2", after=MONDAY)
    assert again.event_id == first.event_id
    assert (again.start, again.new) == (first.start, False)
    assert other.start == first.end
    assert len(calendar_server.events) == 2


@pytest.mark.parametrize("fault", [Vanish(), Vanish(done=True), BreakOff(), Garble(b"{"), Refuse(503), Refuse(500)])
async def test_a_booking_is_made_once_whatever_is_lost(
    fault: Vanish | BreakOff | Garble | Refuse, calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    calendar_server.fail(fault, when=INSERT)
    booking = await calendar.book(CALL, key="key-1", after=MONDAY)
    assert list(calendar_server.events) == [booking.event_id]
    assert booking.start == MONDAY
    assert calendar_server.invitations == ["zoe@kunde.example"]


async def test_a_booking_that_may_have_been_made_is_not_called_skipped(
    calendar: GoogleCalendar, calendar_server: CalendarServer, hasty: HastyClock
) -> None:
    """It was made with the first attempt; then Google went away until we gave up."""
    calendar_server.fail(Vanish(done=True), when=INSERT)
    calendar_server.fail(Refuse(503), times=3, when=INSERT)
    with pytest.raises(OutcomeUnknownError, match="may have been done"):
        await calendar.book(CALL, key="key-1", after=MONDAY)
    assert len(calendar_server.events) == 1
    hasty.advance(timedelta(minutes=5))
    again = await calendar.book(CALL, key="key-1", after=MONDAY)
    assert (again.new, len(calendar_server.events)) == (False, 1)


async def test_a_booking_answered_with_nonsense_is_looked_up(
    calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    calendar_server.fail(Garble(b'{"kind": "calendar#event"}'), when=INSERT)
    booking = await calendar.book(CALL, key="key-1", after=MONDAY)
    assert list(calendar_server.events) == [booking.event_id]


async def test_many_at_once_get_slots_of_their_own(calendar: GoogleCalendar, calendar_server: CalendarServer) -> None:
    found = await asyncio.gather(*(calendar.book(CALL, key=f"key-{one}", after=MONDAY) for one in range(12)))
    assert len({one.start for one in found}) == 12
    assert len(calendar_server.events) == 12


async def test_a_cancelled_meeting_is_not_booked_again_under_its_key(
    calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    booking = await calendar.book(CALL, key="key-1", after=MONDAY)
    calendar_server.events[booking.event_id]["status"] = "cancelled"
    with pytest.raises(ServiceConflictError, match="has been cancelled"):
        await calendar.book(CALL, key="key-1", after=MONDAY)


async def test_a_full_calendar_is_told(calendar: GoogleCalendar, calendar_server: CalendarServer) -> None:
    calendar_server.add(MONDAY - HOUR, timedelta(days=40))
    with pytest.raises(ServiceRefusedError, match="nothing of 60 minutes is free"):
        await calendar.book(CALL, key="key-1", after=MONDAY)


async def test_an_account_that_may_not_invite_books_and_says_so(
    calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    calendar_server.delegated = False
    booking = await calendar.book(CALL, key="key-1", after=MONDAY)
    assert not booking.invited
    assert "With: zoe@kunde.example (not invited" in calendar_server.events[booking.event_id]["description"]


async def test_a_calendar_that_is_not_shared_is_not_taken_for_a_free_one(
    calendar_server: CalendarServer, calendar_credentials: GoogleCredentials, hasty: HastyClock
) -> None:
    client = client_for(calendar_server, calendar_credentials, hasty, "other@acme.example")
    with pytest.raises(ServiceNotFoundError, match="share the calendar with the account"):
        await client.busy(MONDAY, MONDAY + HOUR)
    await client.close()


async def test_events_are_listed_over_pages_with_the_zone(
    calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    calendar_server.page = 2
    made = [calendar_server.add(MONDAY + day * timedelta(days=1), HOUR) for day in range(5)]
    found = [one["id"] async for one in calendar.events(MONDAY, MONDAY + timedelta(days=9))]
    assert found == made
    asked = [one for one in calendar_server.asked if one.method == "GET"]
    assert [one.query.get("pageToken") for one in asked] == [None, "p2", "p4"]
    assert all(one.query["timeZone"] == "Europe/Berlin" for one in asked)


async def test_one_token_serves_until_shortly_before_its_end(
    calendar: GoogleCalendar, calendar_server: CalendarServer, hasty: HastyClock
) -> None:
    for _ in range(3):
        await calendar.probe()
    assert calendar_server.given == 1
    hasty.advance(timedelta(minutes=57))
    await calendar.probe()
    assert calendar_server.given == 1
    hasty.advance(timedelta(minutes=1))
    await calendar.probe()
    assert calendar_server.given == 2


async def test_a_revoked_token_is_replaced_once(calendar: GoogleCalendar, calendar_server: CalendarServer) -> None:
    await calendar.probe()
    calendar_server.revoke()
    await asyncio.gather(*(calendar.probe() for _ in range(5)))
    assert calendar_server.given == 2


async def test_a_token_that_is_refused_again_ends_it(calendar: GoogleCalendar, calendar_server: CalendarServer) -> None:
    calendar_server.fail(Refuse(401), times=2, when="GET /calendars")
    with pytest.raises(ServiceUnauthorizedError):
        await calendar.probe()
    assert calendar_server.given == 2
    assert calendar.calls.standing.report().condition == "down"


async def test_the_place_that_gives_tokens_may_fail_for_a_while(
    calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    calendar_server.fail(Refuse(503), times=2, when="POST /token")
    calendar_server.fail(Garble(b'{"access_token": "x", "expires_in": '), when="POST /token")
    await calendar.probe()


@pytest.mark.parametrize("raw", [b'{"expires_in": 3600}', b'{"access_token": "x"}', b'{"access_token": 1}'])
async def test_half_a_token_is_none(raw: bytes, calendar: GoogleCalendar, calendar_server: CalendarServer) -> None:
    calendar_server.fail(Garble(raw), when="POST /token")
    with pytest.raises(ServiceAnswerInvalidError):
        await calendar.probe()


async def test_a_robot_that_google_does_not_know_is_told(
    calendar_server: CalendarServer, robot_keys: tuple[str, str], hasty: HastyClock
) -> None:
    account = {**service_account(robot_keys[0], calendar_server.token_url), "client_email": "other@x.example"}
    client = client_for(calendar_server, credentials_of(account), hasty, "team@acme.example")
    with pytest.raises(ServiceUnauthorizedError, match="invalid_grant: account not found"):
        await client.probe()
    await client.close()


async def test_a_person_of_the_domain_may_be_stood_for(
    calendar_server: CalendarServer, robot_keys: tuple[str, str], hasty: HastyClock
) -> None:
    account = service_account(robot_keys[0], calendar_server.token_url)
    credentials = credentials_of(account, subject="zoe@acme.example")
    client = client_for(calendar_server, credentials, hasty, "team@acme.example")
    await client.probe()
    assert calendar_server.subjects == ["zoe@acme.example"]
    await client.close()


async def test_a_robot_signs_for_its_tokens(
    calendar_server: CalendarServer, robot_keys: tuple[str, str], hasty: HastyClock
) -> None:
    """RS256, the account's own scopes, an hour at most: the server checks each of them."""
    credentials = credentials_of(service_account(robot_keys[0], calendar_server.token_url))
    client = client_for(calendar_server, credentials, hasty, "team@acme.example")
    await client.book(CALL, key="key-1", after=MONDAY)
    hasty.advance(HOUR)
    await client.probe()
    assert calendar_server.given == 2
    assert calendar_server.subjects == [None, None]
    await client.close()


async def test_a_refresh_token_works_as_well(calendar_server: CalendarServer, hasty: HastyClock) -> None:
    user = AuthorizedUser(
        client_id="client", client_secret=CLIENT_SECRET, refresh_token=REFRESH, token_url=calendar_server.token_url
    )
    client = client_for(calendar_server, user, hasty, "team@acme.example")
    await client.probe()
    calendar_server.revoke()
    await client.probe()
    assert calendar_server.given == 2
    await client.close()


async def test_a_plain_token_works_until_it_ends(calendar_server: CalendarServer, hasty: HastyClock) -> None:
    calendar_server.tokens["ya29.mine"] = (hasty.now() + HOUR, {"https://www.googleapis.com/auth/calendar.events"})
    client = client_for(calendar_server, AccessToken(token="ya29.mine"), hasty, "team@acme.example")
    await client.probe()
    hasty.advance(2 * HOUR)
    with pytest.raises(ServiceUnauthorizedError):
        await client.probe()
    assert not calendar_server.given
    await client.close()


async def test_a_key_that_is_no_key_is_told(calendar_server: CalendarServer, hasty: HastyClock) -> None:
    account = ServiceAccount(
        email="a@b.example", private_key="-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----"
    )
    client = client_for(calendar_server, account, hasty, "team@acme.example")
    with pytest.raises(ServiceNotConfiguredError, match="take a new key file"):
        await client.probe()
    await client.close()


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
async def test_google_s_403_for_too_many_calls_is_waited_for(
    reason: str, calendar: GoogleCalendar, calendar_server: CalendarServer, hasty: HastyClock
) -> None:
    refused = no(403, reason, "Rate Limit Exceeded")
    calendar_server.fail(Refuse(403, refused.data), times=2, when="GET /calendars")
    await calendar.probe()
    assert len(hasty.slept) == 2
    calendar_server.fail(Refuse(403, refused.data), times=4, when="GET /calendars")
    with pytest.raises(ServiceLimitedError, match="Rate Limit Exceeded"):
        await calendar.probe()


async def test_an_api_that_is_switched_off_is_no_question_of_one_calendar(
    calendar: GoogleCalendar, calendar_server: CalendarServer
) -> None:
    off = no(403, "accessNotConfigured", "Google Calendar API has not been used in project 1 before or it is disabled.")
    calendar_server.fail(Refuse(403, off.data), times=2, when="GET /calendars")
    with pytest.raises(ServiceUnauthorizedError, match="has not been used in project"):
        await calendar.probe()


def test_ids_are_as_google_takes_them() -> None:
    ids = {event_id_of(f"call_{one}") for one in range(500)}
    assert len(ids) == 500
    assert all(set(one) <= set("0123456789abcdefghijklmnopqrstuv") and 5 <= len(one) <= 1024 for one in ids)
    assert event_id_of("x") == event_id_of("x")


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../../etc/passwd", "", "Berlin\x00", "x" * 500])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ServiceRefusedError, match="no time zone such as Europe/Berlin"):
        zone_of(name)


def test_credentials_are_a_file_json_or_a_token(tmp_path: Path, robot_keys: tuple[str, str]) -> None:
    account = json.dumps(service_account(robot_keys[0], "https://t.example/token"))
    file = tmp_path / "key.json"
    file.write_text(account)
    from_file, from_text = read_credentials(str(file)), read_credentials(account)
    assert from_file == from_text
    assert isinstance(from_file, ServiceAccount)
    assert from_file.token_url == "https://t.example/token"
    assert read_credentials("ya29.a0Af_x", token_url="https://x") == AccessToken(token="ya29.a0Af_x")
    token_file = tmp_path / "token"
    token_file.write_text("ya29.b\n")
    assert read_credentials(str(token_file)) == AccessToken(token="ya29.b")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "no JSON"),
        ('{"type": "external_account"}', "no known type"),
        ('{"type": "service_account", "client_email": "a@b.example"}', "lack 'private_key'"),
        ('{"type": "authorized_user", "client_id": "x", "client_secret": "very-secret"}', "lack 'refresh_token'"),
        ("/nowhere/key.json", "cannot be read"),
        ("two words", "neither a file"),
        ("", "neither a file"),
    ],
)
def test_credentials_that_are_none_are_told_without_being_shown(given: str, said: str) -> None:
    with pytest.raises(ServiceNotConfiguredError, match=said) as caught:
        read_credentials(given)
    assert "very-secret" not in caught.value.message


def test_credentials_do_not_show_themselves(robot_keys: tuple[str, str]) -> None:
    account = credentials_of(service_account(robot_keys[0], "https://t.example"))
    user = AuthorizedUser(client_id="c", client_secret="hidden-1", refresh_token="hidden-2")
    shown = f"{account!r} {user!r} {AccessToken(token='hidden-3')!r}"
    assert "PRIVATE KEY" not in shown
    assert "hidden" not in shown
