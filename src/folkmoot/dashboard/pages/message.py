"""One message: what it says, where it is, what went wrong, what was answered, and what else was said beside it."""

from typing import Final

from folkmoot.dashboard.components import mail_marks, marks, words
from folkmoot.dashboard.components.dom import asking, clear, go, heading, path, tag
from folkmoot.dashboard.components.notices import notice
from folkmoot.dashboard.frame import crumb
from folkmoot.dashboard.pages.message_acts import LetterActs
from folkmoot.dashboard.visit import Visit
from folkmoot.messaging import AgentMessage
from folkmoot.messaging.broker import MessageRecord, MessageStatus
from folkmoot.messaging.errors import UnknownMessageError
from folkmoot.web.mail import mail_sight, messages_in_sight

_BESIDE: Final = 20
_TRACE_PARTS: Final = 4  # version, trace, span, flags


async def build(visit: Visit) -> None:
    """The page. Raises `UnknownMessageError`."""
    page = _Message(visit, visit.request.path_params["message_id"])
    await page.show()
    visit.follow(page.refresh, subject=page.message_id)


class _Message:
    def __init__(self, visit: Visit, message_id: str) -> None:
        self._visit = visit
        self.message_id = message_id

    async def show(self) -> None:
        record, beside = await self._read()
        crumb("All messages", "messages")
        self._head = tag("div")
        with tag("div", css="cols"):
            self._main = tag("div", css="stack")
            with tag("aside", css="rail stack", aria_label="About this message"):
                self._facts = tag("div")
                self._actions = tag("div")
        self._acts = LetterActs(self._visit, retried=self.refresh, dropped=self._leave)
        self._fill(record, beside)

    async def refresh(self) -> None:
        try:
            record, beside = await self._read()
        except UnknownMessageError:
            await self._leave()
            return
        self._fill(record, beside)

    async def _leave(self) -> None:
        go(path("messages"))

    async def _read(self) -> tuple[MessageRecord, list[MessageRecord]]:
        broker = self._visit.parts.broker
        sight = await mail_sight(self._visit.parts, self._visit.principal)
        record = await broker.find(self.message_id)
        if record is None or not sight.covers(record.message):
            raise UnknownMessageError("there is no such message; settled ones are kept for some days only")
        beside, _ = await messages_in_sight(
            broker, sight, conversation_id=record.message.conversation_id, limit=_BESIDE
        )
        return record, [one for one in beside if one.position != record.position]

    def _fill(self, record: MessageRecord, beside: list[MessageRecord]) -> None:
        message, name = record.message, self._visit.name
        with clear(self._head):
            with tag("div", css="row").style("margin-bottom:8px"):
                mail_marks.status_chip(record.status)
                tag("span", words.plain(message.intent), css="tag lead")
                tag("span", f"{message.payload.priority} priority", css="tag")
            heading(1, f"{name(message.sender_id)} → {name(message.recipient_id)}").style(
                "overflow-wrap:anywhere;margin-bottom:18px"
            )
        with clear(self._main):
            if record.error and record.status is not MessageStatus.HANDLED:
                given_up = record.status in {MessageStatus.DEAD, MessageStatus.EXPIRED}
                title = "Why it was given up" if given_up else "What went wrong last"
                notice(title, record.error, colour="red" if given_up else "amber", sign="alert")
            _payload(message)
            if record.reply is not None:
                _text("Reply", mail_marks.as_text(record.reply.payload.data))
            self._beside(beside)
        with clear(self._facts):
            self._about(record)
        with clear(self._actions):
            if record.status is MessageStatus.DEAD:
                with tag("div", css="card tight stack close"):
                    heading(2, "What you can do", css="visually-hidden")
                    self._acts.buttons(message.message_id, css="full")

    def _beside(self, beside: list[MessageRecord]) -> None:
        if not beside:
            return
        name = self._visit.name
        with tag("section", css="card", aria_label="Conversation"):
            heading(2, "Also in this conversation")
            with tag("ul", css="list").style("margin-top:10px"):
                for one in beside:
                    with tag("li"):
                        sender, recipient = name(one.message.sender_id), name(one.message.recipient_id)
                        mail_marks.line(one, sender, recipient, self._visit.now)

    def _about(self, record: MessageRecord) -> None:
        message = record.message
        with tag("div", css="card tight"), tag("dl", css="facts"):
            for title, agent_id in (("From", message.sender_id), ("To", message.recipient_id)):
                tag("dt", title)
                with tag("dd"):
                    if agent_id in self._visit.agents:
                        tag("a", self._visit.name(agent_id), href=path("agents", agent_id))
                    else:
                        tag("span", agent_id)
            tag("dt", "Accepted")
            with tag("dd"):
                marks.when(record.accepted_at, self._visit.now)
            for title, said in _facts(record):
                if said:
                    tag("dt", title)
                    tag("dd", said)
            for title, one in (("Answers", message.reply_to), ("Belongs to", message.correlation_id)):
                if one:
                    tag("dt", title)
                    with tag("dd"):
                        tag("a", one, css="mono", href=path("messages", one))
            tag("dt", "Conversation")
            with tag("dd"):
                tag(
                    "a",
                    message.conversation_id,
                    css="mono",
                    href=asking(path("messages"), find=message.conversation_id),
                )
            for title, identity in (("Trace", _trace_id(message.trace)), ("Id", message.message_id)):
                if identity:
                    tag("dt", title)
                    with tag("dd"):
                        tag("code", identity, css="faint")


def _payload(message: AgentMessage) -> None:
    payload = message.payload
    _text("What it says", mail_marks.as_text(payload.data) if payload.data else "Nothing but its intent.")
    if payload.context:
        _text("Context", mail_marks.as_text(payload.context))
    if payload.attachments:
        _text("Attachments", mail_marks.as_text(payload.attachments))


def _text(title: str, text: str) -> None:
    """What somebody wrote, as it is: text, whatever it looks like."""
    with tag("section", css="card", aria_label=title):
        heading(2, title)
        tag("pre", text, css="mono", tabindex="0").style(
            "white-space:pre-wrap;overflow-wrap:anywhere;margin:10px 0 0;max-height:60vh;overflow-y:auto"
        )


def _facts(record: MessageRecord) -> list[tuple[str, str]]:
    message = record.message
    taken = record.settled_at - record.accepted_at if record.settled_at else None
    return [
        ("Settled", words.moment(record.settled_at) if record.settled_at else ""),
        ("After", mail_marks.took(taken.total_seconds()) if taken is not None else ""),
        ("Attempts", f"{record.attempts}" if record.attempts else ""),
        ("Expires", words.moment(message.expires_at) if message.expires_at else ""),
        ("For", str(message.payload.context.get("on_behalf_of", ""))),
    ]


def _trace_id(traceparent: str | None) -> str:
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == _TRACE_PARTS else ""
