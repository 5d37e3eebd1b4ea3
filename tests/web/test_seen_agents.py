"""Which agents the faces show to whom: what an agent's definition says holds for people too."""

from typing import Any

import pytest

from folkmoot.consent import person_key
from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.registry import AgentInfo, UnknownAgentError
from folkmoot.registry.on_database import DatabaseRegistry
from folkmoot.security import Principal
from folkmoot.storage import Database
from folkmoot.web.ownership import agent_seen, sees

ADMIN = Principal(user_id="user_admin", name="Admin", role="admin")
ADA = Principal(user_id="user_ada", name="Ada", role="member")
MIRA = Principal(user_id="user_mira", name="Mira", role="member", person=person_key("Mira Okafor"))


async def test_an_agent_that_hides_from_people_is_not_there_for_them(database: Database, clock: SimulatedClock) -> None:
    registry = DatabaseRegistry(database=database, clock=clock, events=EventLog(database=database, clock=clock))
    hidden: Any = {"visible_to": ("type:manager",)}
    for info in (
        AgentInfo(agent_id="open", name="Open"),
        AgentInfo(agent_id="for-people", name="For people", visible_to=("people",)),
        AgentInfo(agent_id="vault", name="Vault", **hidden),
        AgentInfo(agent_id="twin.mira", name="Mira", type="twin", person="Mira Okafor", **hidden),
    ):
        await registry.register(info)
    known = await registry.discover()
    for principal, names in (
        (ADMIN, ["for-people", "open", "twin.mira", "vault"]),
        (ADA, ["for-people", "open"]),
        (MIRA, ["for-people", "open", "twin.mira"]),
    ):
        assert [one.agent_id for one in known if sees(one, principal)] == names
    with pytest.raises(UnknownAgentError) as seen:
        await agent_seen(registry, ADA, "vault")
    with pytest.raises(UnknownAgentError) as missing:
        await agent_seen(registry, ADA, "vaulx")
    assert seen.value.message == missing.value.message.replace("vaulx", "vault")
