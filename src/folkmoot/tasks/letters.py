"""The messages of sharing out work: their names, their content, and how one is asked and read.

A message's id follows from the run, the phase and the two agents. A run that is resumed after its process died sends
the same messages again, and the broker answers with the reply it already has: nobody is asked twice.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar

from pydantic import ValidationError

from folkmoot.agents.behalf import ON_BEHALF_OF, passed_on
from folkmoot.messaging import AgentMessage, Broker, MessageIntent, MessagePayload
from folkmoot.tasks.errors import InvalidTaskError
from folkmoot.tasks.model import Noun
from folkmoot.tasks.situation import Inquiry
from folkmoot.tasks.talk import Argument, Consultation, Position, Utterance

_NAMES: Final = uuid.UUID("8b1f4d0e-6f0a-5c53-9d3c-6a2f1c7c2f11")
# Long enough to outlive a restart, short enough that nobody is bothered with what was decided long ago.
_LIFETIME: Final = timedelta(hours=1)
N = TypeVar("N", bound=Noun)


class Speak(Noun):
    """The manager to an agent: it is round `number`; speak to `peers` and say where you stand."""

    act: Literal["speak"] = "speak"
    inquiry: Inquiry
    number: int
    bids: tuple[Consultation, ...]  # of everyone in the negotiation, this agent included
    peers: tuple[str, ...]
    before: tuple[Position, ...] = ()  # where everyone stood after the last round


class Spoken(Noun):
    """The agent's reply to `Speak`: where it stands, and what it said and heard."""

    position: Position
    said: tuple[Utterance, ...] = ()


class Argue(Noun):
    """An agent to a peer: what I know of myself. The reply is the peer's own `Argument`."""

    act: Literal["argue"] = "argue"
    inquiry: Inquiry
    number: int
    bids: tuple[Consultation, ...]
    argument: Argument


class OfferShare(Noun):
    """An agent to a peer: help me with these skills."""

    act: Literal["offer_share"] = "offer_share"
    inquiry: Inquiry
    number: int
    owner: str
    skills: tuple[str, ...]


class ShareAnswer(Noun):
    """The peer's reply to `OfferShare`."""

    accepted: bool
    said: Utterance


def message_id(run: str, *what: str) -> str:
    """The one id of this message in this run."""
    return str(uuid.uuid5(_NAMES, "\n".join((run, *what))))


def letter(
    content: Noun,
    *,
    inquiry: Inquiry,
    intent: MessageIntent,
    sender: str,
    recipient: str,
    name: str,
    now: datetime,
    patience: timedelta | None = None,
    on_behalf_of: str | None = None,
) -> AgentMessage:
    """One message; `name` tells it apart from others of the same run between the same two.

    `on_behalf_of` is for the run, which knows who handed the task in; an agent passes on for whom it was asked itself.
    """
    return AgentMessage(
        message_id=message_id(inquiry.run, name, sender, recipient),
        conversation_id=inquiry.run[:200],
        sender_id=sender,
        recipient_id=recipient,
        intent=intent,
        payload=MessagePayload(
            data=content.as_json(),
            context=passed_on(None) if on_behalf_of is None else {ON_BEHALF_OF: on_behalf_of},
            requires_response=patience is not None,
            response_timeout=patience.total_seconds() if patience else None,
        ),
        correlation_id=inquiry.run,
        timestamp=now,
        expires_at=now + _LIFETIME,
    )


async def ask(broker: Broker, message: AgentMessage, answer: type[N], *, patience: timedelta) -> N:
    """Send and read the reply. Raises what `Broker.request` raises, or `InvalidTaskError` for an unreadable reply."""
    reply = await broker.request(message, timeout=patience)
    return read(reply.payload.data, answer)


def read(data: Mapping[str, Any], noun: type[N]) -> N:
    """The content of a message. Raises `InvalidTaskError` that names the first fault."""
    try:
        return noun.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidTaskError(f"the message cannot be read at '{where}': {first['msg']}") from error
