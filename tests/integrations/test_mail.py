"""Letters as SendGrid takes them."""

from datetime import timedelta

import pytest

from folkmoot.tools.integrations import SendGrid
from folkmoot.tools.integrations.addresses import checked_address
from folkmoot.tools.integrations.errors import (
    ServiceForbiddenError,
    ServiceLimitedError,
    ServiceRefusedError,
    ServiceUnauthorizedError,
)
from folkmoot.tools.integrations.sendgrid import Letter, as_html
from tests.integrations.hasty import PATIENT, HastyClock
from tests.integrations.servers.sendgrid import KEY, SENDER, SendGridServer
from tests.integrations.servers.wire import Refuse

ZOE = "zoe@kunde.example"


async def test_a_letter_goes_out_in_text_and_html_with_its_key(
    sendgrid: SendGrid, sendgrid_server: SendGridServer
) -> None:
    letter = Letter(
        to=f" {ZOE} ", to_name="Zoe", subject="Your site", text="Dear Zoe,\n\nit is\nready.", reply_to=SENDER
    )
    assert await sendgrid.send(letter, key="call_1") == "msg-1"
    [sent] = sendgrid_server.sent
    assert sent.letter == {
        "personalizations": [{"to": [{"email": ZOE, "name": "Zoe"}]}],
        "from": {"email": SENDER, "name": "Acme Studio"},
        "reply_to": {"email": SENDER},
        "subject": "Your site",
        "content": [
            {"type": "text/plain", "value": "Dear Zoe,\n\nit is\nready."},
            {"type": "text/html", "value": as_html("Dear Zoe,\n\nit is\nready.")},
        ],
        "custom_args": {"folkmoot_key": "call_1"},
    }


async def test_nothing_in_a_letter_is_markup_or_a_header(sendgrid: SendGrid, sendgrid_server: SendGridServer) -> None:
    evil = '<img src=x onerror="alert(1)">'
    await sendgrid.send(Letter(to=ZOE, subject=f"Hi\r\nBcc: a@b.example {evil}", text=evil, to_name="Z\x00\n"), key="k")
    [sent] = sendgrid_server.sent
    assert "<img" not in sent.html
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;" in sent.html
    assert sent.letter["subject"] == f"Hi Bcc: a@b.example {evil}"
    assert sent.letter["personalizations"][0]["to"] == [{"email": ZOE, "name": "Z"}]


def test_paragraphs_and_lines_are_kept() -> None:
    assert "<p>a<br>b</p><p>c &amp; d</p>" in as_html("a\r\nb\n\n\n\nc & d\n")


@pytest.mark.parametrize(
    "address",
    ["", "zoe", "zoe@", "@b.example", "a@b", "a@b.example, c@d.example", "a@b.example\nBcc: x@y.example",
     "<a@b.example>",
     "a b@c.example", f"{'a' * 65}@b.example", "a@b..example", "a@b.example\x00"],
)  # fmt: skip
async def test_what_is_no_address_is_not_written_to(
    address: str, sendgrid: SendGrid, sendgrid_server: SendGridServer
) -> None:
    with pytest.raises(ServiceRefusedError, match=r"no address such as zoe@acme\.example"):
        await sendgrid.send(Letter(to=address, subject="s", text="t"), key="k")
    assert not sendgrid_server.asked


def test_ordinary_addresses_are_addresses() -> None:
    for address in ("a@b.example", "zoe.m+tag@sub.kunde.example", "o'neil@kunde.co.example", "x@xn--mller-kva.example"):
        assert checked_address(address) == address


async def test_an_unverified_sender_is_told(sendgrid_server: SendGridServer, hasty: HastyClock) -> None:
    client = SendGrid(
        key=KEY, sender="me@acme.example", sender_name="", clock=hasty, url=sendgrid_server.url, rules=PATIENT
    )
    with pytest.raises(ServiceForbiddenError, match="does not match a verified Sender Identity"):
        await client.send(Letter(to=ZOE, subject="s", text="t"), key="k")
    await client.close()


async def test_a_key_that_may_not_send_is_found_by_the_probe(
    sendgrid: SendGrid, sendgrid_server: SendGridServer
) -> None:
    await sendgrid.probe()
    sendgrid_server.scopes = ["user.profile.read"]
    with pytest.raises(ServiceForbiddenError, match="Mail Send"):
        await sendgrid.probe()
    assert sendgrid.calls.standing.report().condition == "degraded"


async def test_a_wrong_key_is_told(sendgrid_server: SendGridServer, hasty: HastyClock) -> None:
    client = SendGrid(
        key="SG.wrong", sender=SENDER, sender_name="", clock=hasty, url=sendgrid_server.url, rules=PATIENT
    )
    with pytest.raises(ServiceUnauthorizedError, match="invalid, expired, or revoked"):
        await client.send(Letter(to=ZOE, subject="s", text="t"), key="k")
    await client.close()


async def test_the_reset_of_the_rate_limit_is_kept_to(
    sendgrid: SendGrid, sendgrid_server: SendGridServer, hasty: HastyClock
) -> None:
    soon = str(int((hasty.now() + timedelta(seconds=3)).timestamp()))
    sendgrid_server.fail(Refuse(429, None, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": soon}))
    await sendgrid.send(Letter(to=ZOE, subject="s", text="t"), key="k")
    assert 3 <= hasty.slept[0].total_seconds() < 3.2
    late = str(int((hasty.now() + timedelta(minutes=9)).timestamp()))
    sendgrid_server.fail(Refuse(429, None, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": late}))
    with pytest.raises(ServiceLimitedError):
        await sendgrid.send(Letter(to=ZOE, subject="s", text="t"), key="k2")
    assert len(sendgrid_server.sent) == 1
