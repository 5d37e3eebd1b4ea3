"""Asking the picked agent, by message, and putting its words in order.

An agent that streams says with each piece where in its answer it stands and at which attempt: chunks are not kept by
the broker, so one that went missing is noticed here, and the rest is taken from the reply, which is kept.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from folkmoot.agents.behalf import FILES_OF, ON_BEHALF_OF
from folkmoot.conversations.before import BEFORE, with_before
from folkmoot.conversations.context import Context
from folkmoot.conversations.decisions import without_evidence
from folkmoot.conversations.errors import AnswerFailedError
from folkmoot.conversations.model import ChatMessage
from folkmoot.conversations.routing.model import Decision
from folkmoot.kernel import Clock, JsonValue
from folkmoot.messaging import AgentMessage, Broker, MessageIntent, MessagePayload

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.@-]")
ROUTING: Final = "routing"
_NUL: Final = "\x00"  # PostgreSQL keeps no text with it
_SAID_IN: Final = ("answer", "response", "message", "text", "content", "result")


@dataclass(frozen=True)
class Piece:
    """Words that follow what came before; `anew`: what came before is void."""

    text: str
    anew: bool = False


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The whole answer, and what the agent says of it: sources, usage, model."""

    text: str
    details: dict[str, JsonValue] = field(default_factory=dict)


def letter(
    answer: ChatMessage,
    question: ChatMessage,
    decision: Decision,
    context: Context,
    *,
    clock: Clock,
    patience: timedelta,
) -> AgentMessage:
    """The message by which an agent is asked. Its id is the answer's: asked twice, it is one question."""
    context = with_before(context, question.details.get(BEFORE))
    data: dict[str, Any] = {
        **(question.details.get("context") or {}),
        "message": question.content,
        "history": list(context.history),
        "stream": True,
    }
    if context.summary:
        data["summary"] = context.summary
    if question.details.get("attachments"):
        data["attachments"] = question.details["attachments"]
    if question.details.get("model"):
        data["model"] = question.details["model"]
    sender = _UNSAFE.sub("-", f"user.{answer.account_id}.{answer.conversation_id}")[:200]
    return AgentMessage(
        message_id=answer.message_id,
        conversation_id=answer.conversation_id,
        sender_id=sender,
        recipient_id=decision.agent_id,
        intent=MessageIntent.CHAT,
        timestamp=clock.now(),
        expires_at=clock.now() + patience,
        payload=MessagePayload(
            data=data,
            requires_response=True,
            response_timeout=patience.total_seconds(),
            context={ON_BEHALF_OF: answer.account_id, FILES_OF: answer.user_id, ROUTING: without_evidence(decision)},
        ),
    )


async def ask(broker: Broker, message: AgentMessage, *, patience: timedelta) -> AsyncIterator[Piece | Reply]:
    """The pieces of the answer as they come, then the whole; together the pieces are the whole.

    Raises `AnswerFailedError`, and what `Broker.request_stream` raises.
    """
    said, attempt, whole = "", 0, True
    async for heard in broker.request_stream(message, timeout=patience):
        if isinstance(heard, AgentMessage):
            reply = _reply(heard)
            if reply.text != said:
                follows = reply.text.startswith(said)
                yield Piece(reply.text[len(said) :]) if follows else Piece(reply.text, anew=True)
            yield reply
            return
        text, at, tried = heard.get("chunk"), heard.get("at"), heard.get("attempt")
        if not isinstance(text, str) or not text:
            continue
        text = text.replace(_NUL, "")
        if isinstance(tried, int) and tried != attempt:
            anew = bool(said)
            attempt, said, whole = tried, "", True
            if anew:
                yield Piece("", anew=True)
        if isinstance(at, int) and at != len(said):
            whole = False  # one got lost on the way: what follows it waits for the reply
        if whole:
            said += text
            yield Piece(text)


def _reply(heard: AgentMessage) -> Reply:
    data = heard.payload.data
    if data.get("status") == "error":
        raise AnswerFailedError(str(data.get("error") or "the agent says that it failed, and not why"))
    found = next((data[name] for name in _SAID_IN if isinstance(data.get(name), str) and data[name].strip()), None)
    if found is None:
        raise AnswerFailedError(f"{heard.sender_id} answered without any words; its reply has {sorted(data)}")
    kept = ("sources", "usage", "model", "offline", "disclosure", "notice", "tools")
    return Reply(
        text=found.replace(_NUL, ""),
        details={name: data[name] for name in kept if data.get(name) not in (None, "", [])},
    )
