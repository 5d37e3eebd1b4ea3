"""What an agent may do: by its list, by the role of whoever it acts for, by the person behind a twin, by the switch."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.agents import AgentHost, Workplace
from folkmoot.assembly.tools import AgentWalls
from folkmoot.consent import person_key
from folkmoot.kernel import SimulatedClock
from folkmoot.security import AuditLog, UserDesk
from folkmoot.security.model import HOUSE, Role
from folkmoot.security.passwords import Passwords
from folkmoot.security.users import NewUser
from folkmoot.storage import Database
from folkmoot.tools import CallStatus, ToolContext, tool
from tests.agents.conftest import house
from tests.agents.house import House, definition
from tests.tools.shop import Shop, open_shop

__all__ = ["house"]
MIRA = "Mira Okafor"
EVERYTHING = {"read", "write", "external"}


@pytest.fixture
async def users(database: Database, clock: SimulatedClock) -> UserDesk:
    audit = AuditLog(database=database, clock=clock)
    desk = UserDesk(database=database, clock=clock, audit=audit, passwords=Passwords())
    await desk.ensure_admin()
    return desk


@pytest.fixture
async def walls(house: House, users: UserDesk) -> AsyncIterator[AgentWalls]:
    """Walls around a specialist and a twin."""
    walls = AgentWalls(users=users, asking_first={"send_mail"})
    host = AgentHost(context=house.context)
    await host.start()
    await host.add(definition("clerk", tools=["send_mail", "library.*"], asks_first=["library.lend"]))
    await host.add(definition("mira", person=MIRA, tools=["send_mail"]))
    walls.follow(host)
    yield walls
    await host.stop()


async def account(users: UserDesk, role: Role, *, person: str | None = None) -> str:
    new = NewUser(name=f"{role} {person}", role=role, person=person_key(person) if person else None)
    return (await users.create(new, by=HOUSE)).user_id


async def effects(walls: AgentWalls, agent: str, user: str | None) -> set[str]:
    return {one.value for one in (await walls.leave(agent_id=agent, user_id=user)).effects}


def test_a_list_names_tools_and_sources(walls: AgentWalls) -> None:
    assert walls.lists("clerk", "send_mail")
    assert walls.lists("clerk", "library.find")
    assert walls.lists("clerk", "search_knowledge")
    for agent, name in (
        ("clerk", "library"),
        ("clerk", "other.find"),
        ("mira", "library.find"),
        ("nobody", "send_mail"),
    ):
        assert not walls.lists(agent, name)


def test_agent_workplace_and_settings_say_what_asks_first(walls: AgentWalls) -> None:
    assert [walls.asks_first("clerk", name) for name in ("send_mail", "library.lend", "library.find")] == [
        True,
        True,
        False,
    ]
    walls.ask_first(Workplace(agents=(), asks_first=("library.*",)).asks_first)
    assert walls.asks_first("clerk", "library.find")
    walls.ask_first(())
    assert not walls.asks_first("clerk", "library.find")
    assert walls.asks_first("mira", "send_mail")


async def test_a_role_says_how_far_an_agent_goes(walls: AgentWalls, users: UserDesk) -> None:
    assert await effects(walls, "clerk", "admin") == EVERYTHING
    assert await effects(walls, "clerk", await account(users, "member")) == EVERYTHING
    assert await effects(walls, "clerk", await account(users, "viewer")) == {"read"}
    for nobody in (None, "user_unknown"):
        assert await effects(walls, "clerk", nobody) == {"read"}


async def test_a_twin_does_no_more_than_its_person_may(walls: AgentWalls, users: UserDesk) -> None:
    assert await effects(walls, "mira", "admin") == {"read"}  # Mira has no account
    mira = await account(users, "viewer", person=MIRA)
    assert await effects(walls, "mira", "admin") == {"read"}
    await users.change(mira, {"role": "member"}, by=HOUSE)
    assert await effects(walls, "mira", "admin") == EVERYTHING
    assert await effects(walls, "mira", await account(users, "viewer")) == {"read"}
    await users.change(mira, {"disabled": True}, by=HOUSE)
    assert await effects(walls, "mira", "admin") == {"read"}
    assert MIRA in (await walls.leave(agent_id="mira", user_id="admin")).why


async def test_a_silenced_agent_does_nothing_and_a_disabled_user_has_nothing_done(
    walls: AgentWalls, users: UserDesk, house: House, tmp_path: Path
) -> None:
    sent: list[str] = []

    @tool(effect="external")
    async def send_mail(context: ToolContext, to: str) -> str:
        """Send an e-mail."""
        sent.append(f"{context.agent_id} {to}")
        return "sent"

    shop: Shop = open_shop(house.database, house.clock, tmp_path, send_mail, walls=walls)
    walls.ask_first(())
    user = await account(users, "member")
    await users.change(user, {"disabled": True}, by=HOUSE)
    denied = await shop.desk.call("send_mail", {"to": "bo"}, agent_id="clerk", user_id=user)
    assert denied.status is CallStatus.DENIED
    assert walls._host is not None
    await walls._host.agents["clerk"].silence()
    assert await effects(walls, "clerk", "admin") == set()
    silenced = await shop.desk.call("send_mail", {"to": "bo"}, agent_id="clerk", user_id="admin")
    assert "silenced" in (silenced.error or "")
    assert await shop.desk.offered(agent_id="clerk", user_id="admin") == []
    assert sent == []
    await shop.desk.stop()
