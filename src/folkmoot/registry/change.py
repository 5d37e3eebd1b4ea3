"""How what is kept of an agent changes. Each act checks first, so that a bad one changes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

from pydantic import ValidationError

from folkmoot.registry.errors import BadAgentError
from folkmoot.registry.kept import LISTS, SAME_NAME, Kept, defined
from folkmoot.registry.model import EVERYBODY, LONGEST_REASON, AgentInfo, Availability, Silence

LONGEST_NAME: Final = 200
LARGEST_CAPACITY: Final = 1_000_000


def describe(kept: Kept, info: AgentInfo) -> None:
    """Say what an agent is."""
    for field, value in info.model_dump(include=set(SAME_NAME)).items():
        setattr(kept, field, value)
    for field in LISTS:
        setattr(kept, field, list(getattr(info, field)))
    kept.details = dict(info.metadata)
    kept.restricted = EVERYBODY not in info.visible_to or EVERYBODY not in info.reachable_by


def redefine(kept: Kept, info: AgentInfo) -> None:
    """Say anew what an agent is. What people chose instead stays, until the definition itself says otherwise."""
    if kept.name != info.name:
        kept.chosen_name = None
    if kept.max_capacity != info.max_capacity:
        kept.chosen_capacity = None
    describe(kept, info)


def revise(kept: Kept, changes: Mapping[str, Any]) -> None:
    """Change fields of the definition. Raises `BadAgentError`."""
    agent_id = kept.agent_id
    try:
        info = AgentInfo.model_validate(defined(kept) | dict(changes) | {"agent_id": agent_id})
    except ValidationError as error:
        raise BadAgentError(f"agent '{agent_id}' cannot be changed so: {error}", agent_id=agent_id) from error
    redefine(kept, info)


def rename(kept: Kept, name: str) -> None:
    """Let people call an agent otherwise. Raises `BadAgentError`."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise BadAgentError(f"a name has 1 to {LONGEST_NAME} characters", agent_id=kept.agent_id)
    kept.chosen_name = name.strip()


def check_availability(
    agent_id: str, availability: str, *, max_capacity: int | None, until: datetime | None, now: datetime
) -> None:
    """Raise `BadAgentError` for what `set_availability` cannot set."""
    choices = get_args(Availability)
    if availability not in choices:
        raise BadAgentError(f"'{availability}' is no availability; use one of {', '.join(choices)}", agent_id=agent_id)
    if max_capacity is not None and not 0 <= max_capacity <= LARGEST_CAPACITY:
        raise BadAgentError(f"max_capacity is a number of tasks from 0 to {LARGEST_CAPACITY}", agent_id=agent_id)
    if until is not None and (until.tzinfo is None or until <= now):
        raise BadAgentError(f"until ({until.isoformat()}) must be in the future and have a zone", agent_id=agent_id)


def set_availability(kept: Kept, availability: str, *, max_capacity: int | None, until: datetime | None) -> None:
    """Say whether an agent may get work, and how much at a time."""
    kept.availability, kept.until = availability, until
    if max_capacity is not None:
        kept.chosen_capacity = max_capacity


def silence_of(agent_id: str, *, reason: str, by: str, now: datetime) -> Silence:
    """A silence that may be set. Raises `BadAgentError`."""
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise BadAgentError(f"say in 1 to {LONGEST_REASON} characters why '{agent_id}' is silenced", reason=reason)
    return Silence(at=now, by=by, reason=reason.strip())


def set_silence(kept: Kept, silence: Silence) -> None:
    """Silence an agent, or let it speak again."""
    kept.silenced_at = silence.at
    kept.silenced_by, kept.silenced_reason = (silence.by, silence.reason) if silence.at is not None else (None, None)


def set_workload(kept: Kept, workload: int, *, now: datetime) -> bool:
    """Say how many tasks an agent holds; whether that is another number than before."""
    if kept.current_workload == max(0, workload):
        return False
    kept.current_workload, kept.last_active = max(0, workload), now
    return True
