"""Mail by SendGrid's v3 API (`POST /v3/mail/send`).

SendGrid knows no idempotency key, so a letter is never sent again once its request was written: only where no
connection was made, or SendGrid said that it took nothing (429, 503), another attempt follows. Where an answer is lost
the outcome is unknown, and a person decides.
"""

import html
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx

from folkmoot.kernel import Clock
from folkmoot.tools.integrations.addresses import checked_address, one_line
from folkmoot.tools.integrations.calls import Calls
from folkmoot.tools.integrations.dialect import Dialect, Kind
from folkmoot.tools.integrations.errors import ServiceForbiddenError
from folkmoot.tools.integrations.keys import BearerKey
from folkmoot.tools.integrations.request import CallRules

SERVICE: Final = "SendGrid"
URL: Final = "https://api.sendgrid.com"
_LONGEST_SUBJECT: Final = 300
_LONGEST_NAME: Final = 120
_LONGEST_ARGUMENTS: Final = 1_000  # SendGrid takes 10,000 bytes of custom arguments in all


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail of plain text; the HTML part is made of it, with everything in it shown as text."""

    to: str
    subject: str
    text: str
    to_name: str = ""
    reply_to: str | None = None


class SendGridDialect(Dialect):
    """`{"errors": [{"message", "field", "help"}]}`; how long to wait stands in `X-RateLimit-Reset` as a Unix time."""

    def kind(self, status: int, data: Any) -> Kind:
        # "The SendGrid v3 Web API is not available": the request was not taken.
        return Kind.CLOSED if status == HTTPStatus.SERVICE_UNAVAILABLE else super().kind(status, data)

    def message(self, data: Any) -> str:
        errors = data.get("errors") if isinstance(data, dict) else None
        if not isinstance(errors, list):
            return ""
        said = [one for one in errors if isinstance(one, dict) and isinstance(one.get("message"), str)]
        return "; ".join(f"{one['field']}: {one['message']}" if one.get("field") else one["message"] for one in said)

    def wait(self, headers: httpx.Headers, now: datetime) -> timedelta | None:
        asked = super().wait(headers, now)
        reset = headers.get("x-ratelimit-reset", "")
        if asked is not None or not reset.isdecimal() or headers.get("x-ratelimit-remaining", "0") != "0":
            return asked
        return timedelta(seconds=min(max(int(reset) - now.timestamp(), 0.0), 86_400.0))


class SendGrid:
    """The mail of one sender. Every method raises `IntegrationError`s."""

    def __init__(
        self,
        *,
        key: str,
        sender: str,
        sender_name: str,
        clock: Clock,
        url: str = URL,
        rules: CallRules | None = None,
    ) -> None:
        self.calls = Calls(
            service=SERVICE,
            url=url,
            key=BearerKey(key, service=SERVICE),
            clock=clock,
            dialect=SendGridDialect(),
            rules=rules,
        )
        self.sender = sender
        self._sender_name = sender_name

    async def probe(self) -> None:
        """See whether the key may send mail."""
        data = (await self.calls.ask("GET", "/v3/scopes")).data
        scopes = data.get("scopes")
        if not isinstance(scopes, list) or "mail.send" not in scopes:
            error = ServiceForbiddenError(
                "SendGrid's key may not send mail; give it the permission Mail Send", service=SERVICE
            )
            self.calls.standing.failed(error)
            raise error

    async def send(self, letter: Letter, *, key: str) -> str:
        """Hand a letter over; SendGrid's id of it. `key` goes along as the custom argument `folkmoot_key`."""
        to = {"email": checked_address(letter.to)}
        if name := one_line(letter.to_name, _LONGEST_NAME):
            to["name"] = name
        body: dict[str, Any] = {
            "personalizations": [{"to": [to]}],
            "from": {"email": self.sender, "name": self._sender_name},
            "subject": one_line(letter.subject, _LONGEST_SUBJECT) or "(no subject)",
            # SendGrid wants the plain text first.
            "content": [
                {"type": "text/plain", "value": letter.text or " "},
                {"type": "text/html", "value": as_html(letter.text)},
            ],
            "custom_args": {"folkmoot_key": key[:_LONGEST_ARGUMENTS]},
        }
        if letter.reply_to:
            body["reply_to"] = {"email": checked_address(letter.reply_to)}
        reply = await self.calls.ask("POST", "/v3/mail/send", json=body, expected="nothing")
        return str(reply.headers.get("x-message-id", ""))

    async def close(self) -> None:
        """Close the connections."""
        await self.calls.close()


def as_html(text: str) -> str:
    """Plain text as a page: paragraphs and lines are kept, nothing in it is markup."""
    paragraphs = (part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip())
    inner = "".join(f"<p>{'<br>'.join(map(html.escape, part.strip().split(chr(10))))}</p>" for part in paragraphs)
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{inner}</body></html>'
