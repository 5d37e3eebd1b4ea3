"""What was said, as Markdown in which no text can pass for another's, or for more than text. Pure."""

import re
from datetime import datetime

from folkmoot.conversations.model import ChatMessage, Conversation, Status
from folkmoot.kernel import excerpt

_SIGNS = re.compile(r"([\\`*_\[\]<>#|!~])")


def quoted(text: str) -> str:
    """Every line behind a quotation sign, its own Markdown kept; neither HTML nor a picture comes through."""
    safe = text.replace("\r\n", "\n").replace("\r", "\n").replace("<", "&lt;").replace("![", "!\\[")
    return "\n".join(f"> {line}" if line.strip() else ">" for line in safe.split("\n"))


def inline(text: str) -> str:
    """One line of plain text."""
    return _SIGNS.sub(r"\\\1", excerpt(text, 200))


def moment(at: datetime) -> str:
    """`2026-01-05 09:00:00 UTC`."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def answered_by(one: ChatMessage) -> str:
    """Who answered, how sure it was that it is the right one, and how it ended."""
    routing = one.details.get("routing")
    confidence = routing.get("confidence") if isinstance(routing, dict) else None
    sure = f" (confidence {confidence:.2f})" if isinstance(confidence, int | float) else ""
    name = inline(one.agent_name or one.agent_id or "Assistant")
    if one.status is Status.FAILED:
        return f"**{name}**{sure} could not answer: {inline(one.error or '')}"
    return f"**{name}**{sure}{', cancelled' if one.status is Status.CANCELLED else ''}:"


def turn(question: ChatMessage | None, answer: ChatMessage, *, longest: int) -> str:
    """A question and its answer, for a file that grows; each has at most `longest` characters."""
    parts = [f"## {moment(answer.settled_at or answer.created_at)}"]
    if question is not None:
        parts += ["**You:**", quoted(_cut(question.content, longest))]
    parts.append(answered_by(answer))
    if answer.content:
        parts.append(quoted(_cut(answer.content, longest)))
    return "\n\n".join(parts) + "\n\n"


def whole(talk: Conversation, messages: list[tuple[ChatMessage, list[str]]], *, at: datetime) -> str:
    """A conversation with the names of what was attached to each message."""
    parts = [
        f"# {inline(talk.title or 'Conversation')}",
        f"Begun {moment(talk.created_at)}, saved {moment(at)}. Conversation `{talk.conversation_id}`.",
    ]
    for one, attached in messages:
        parts.append(f"## {moment(one.settled_at or one.created_at)}")
        parts.append("**You:**" if one.role == "user" else answered_by(one))
        if one.content:
            parts.append(quoted(one.content))
        if attached:
            parts.append("Attached: " + ", ".join(inline(name) for name in attached))
    return "\n\n".join(parts) + "\n"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}\n(The rest is in the conversation.)"
