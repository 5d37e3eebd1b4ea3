"""SendGrid's mail API as far as the client speaks to it, and as strict."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.integrations.servers.wire import Answer, Asked, WireServer

KEY = "SG.TESTtestTESTtest12.TESTtestTESTtestTESTtest12"
SENDER = "team@acme.example"


@dataclass(frozen=True)
class Sent:
    id: str
    letter: dict[str, Any]

    @property
    def to(self) -> str:
        found: str = self.letter["personalizations"][0]["to"][0]["email"]
        return found

    @property
    def text(self) -> str:
        return str(next(one["value"] for one in self.letter["content"] if one["type"] == "text/plain"))

    @property
    def html(self) -> str:
        return str(next(one["value"] for one in self.letter["content"] if one["type"] == "text/html"))


class SendGridServer(WireServer):
    """`sent` is what was accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.scopes = ["mail.send", "user.profile.read"]

    async def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return _no(401, "The provided authorization grant is invalid, expired, or revoked")
        if asked.line == "GET /v3/scopes":
            return Answer(data={"scopes": self.scopes})
        if asked.line != "POST /v3/mail/send":
            return _no(404, "not found")
        return self._send(asked.data)

    def _send(self, letter: dict[str, Any]) -> Answer:
        if (wrong := next(_faults(letter), None)) is not None:
            return _no(403 if "Sender Identity" in wrong[0] else 400, *wrong)
        sent = Sent(id=f"msg-{len(self.sent) + 1}", letter=letter)
        self.sent.append(sent)
        return Answer(status=202, headers={"X-Message-Id": sent.id})


def _faults(letter: dict[str, Any]) -> Iterator[tuple[str, str]]:
    known = {"personalizations", "from", "reply_to", "subject", "content", "custom_args"}
    yield from ((f"Additional property {one} is not allowed", one) for one in letter if one not in known)
    addressed = letter.get("personalizations") or [{}]
    if not all("@" in to.get("email", "") for one in addressed for to in one.get("to") or [{}]):
        yield "Does not contain a valid address.", "personalizations.0.to.0.email"
    if letter["from"].get("email") != SENDER:
        yield "The from address does not match a verified Sender Identity.", "from"
    if not letter.get("subject"):
        yield "The subject is required.", "subject"
    if [one["type"] for one in letter["content"]] != ["text/plain", "text/html"]:
        yield "If present, text/plain must be first, followed by text/html.", "content"
    if not all(one["value"] for one in letter["content"]):
        yield "The content value must be a string at least one character in length.", "content.0.value"
    if not all(isinstance(value, str) for value in letter.get("custom_args", {}).values()):
        yield "Custom args must be strings", "custom_args"


def _no(status: int, message: str, field: str | None = None) -> Answer:
    return Answer(status=status, data={"errors": [{"message": message, "field": field, "help": None}]})
