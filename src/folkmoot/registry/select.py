"""Who fits what is asked for, and in which order those who fit are taken."""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime

from folkmoot.registry.kept import Kept, availability, load
from folkmoot.registry.model import EVERYBODY, AgentInfo


def fits(
    agent: AgentInfo | Kept,
    *,
    role: str | None = None,
    department: str | None = None,
    capability: str | None = None,
    intent: str | None = None,
) -> bool:
    """Whether an agent fits everything that is given."""
    return (
        (role is None or agent.role.casefold() == role.casefold())
        and (department is None or agent.department.casefold() == department.casefold())
        and (capability is None or has_capability(agent.capabilities, capability))
        and (intent is None or intent.casefold() in {one.casefold() for one in agent.supported_intents})
    )


def has_capability(capabilities: Mapping[str, float], wanted: str) -> bool:
    """Whether a capability is held at any level; a level of 0 is none."""
    return any(level > 0 and name.casefold() == wanted.casefold() for name, level in capabilities.items())


def filters_of(selector: str) -> dict[str, str] | None:
    """`role:x`, `capability:x`, `department:x` or `everybody` as filters of `discover`; None for anything else."""
    kind, _, value = selector.partition(":")
    if selector == EVERYBODY:
        return {}
    return {kind: value} if kind in ("role", "capability", "department") and value else None


def in_turn(fitting: Iterable[Kept], *, now: datetime, chance: random.Random) -> list[str]:
    """The ids of those who may get something to do, the least loaded first; among equals chance decides.

    Who asks for a role takes the first: a fixed order among equals would give everything to one of them until its load
    is known.
    """
    willing = [one for one in fitting if availability(one, now=now) != "offline"]
    chance.shuffle(willing)
    return [one.agent_id for one in sorted(willing, key=load)]
