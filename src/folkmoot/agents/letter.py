"""A letter as agents and programs write it: words for priorities, seconds for patience, and faults in our own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from pydantic import ValidationError

from folkmoot.agents.errors import InvalidRequestError
from folkmoot.kernel import new_id
from folkmoot.messaging import AgentMessage, MessagePayload, Priority

Patience: TypeAlias = "timedelta | float"
"""How long a reply is waited for: a timedelta, or seconds."""


def letter(
    *,
    sender_id: str,
    recipient_id: str,
    intent: str,
    data: Mapping[str, Any] | None,
    waits: bool,
    timeout: Patience,
    priority: Priority | str,
    at: datetime,
    context: Mapping[str, Any] | None = None,
    attachments: Sequence[Mapping[str, Any]] = (),
    conversation_id: str | None = None,
    correlation_id: str | None = None,
    message_id: str | None = None,
) -> tuple[AgentMessage, timedelta]:
    """The message, and how long its reply is waited for. Raises `InvalidRequestError`, which names the field."""
    patience = timeout if isinstance(timeout, timedelta) else timedelta(seconds=timeout)
    try:
        payload = MessagePayload(
            data=dict(data or {}),
            priority=Priority(priority),
            requires_response=waits,
            response_timeout=patience.total_seconds() if waits else None,
            context=dict(context or {}),
            attachments=[dict(one) for one in attachments],
        )
        message = AgentMessage(
            message_id=message_id or new_id(),
            sender_id=sender_id,
            recipient_id=recipient_id,
            intent=str(intent),
            timestamp=at,
            correlation_id=correlation_id,
            payload=payload,
            conversation_id=conversation_id or new_id(),
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        raise InvalidRequestError(
            f"{field}: {first['msg'].removeprefix('Value error, ')}, not {first['input']!r:.100}", field=field
        ) from error
    except ValueError as error:
        known = ", ".join(Priority)
        raise InvalidRequestError(f"priority: '{priority}' is none of {known}", field="priority") from error
    return message, patience
