"""Hosting many agents: heartbeats, joining, leaving, and a changed workplace file."""

from datetime import timedelta

import pytest

from folkmoot.agents import AgentHost, BaseAgent, Workplace, parse_workplace
from folkmoot.models import ModelsError
from folkmoot.registry import AgentExistsError, UnknownAgentError
from tests.agents.house import House, definition
from tests.waiting import wait_until

BEAT = timedelta(seconds=5)


def workplace(*agents: str) -> Workplace:
    """A workplace of agents written as `id` or `id role`."""
    lines = [f"  - {{agent_id: {one.split()[0]}, role: {one.split()[-1]}}}" for one in agents]
    return parse_workplace("\n".join(["agents:", *lines]).encode())


async def presence(house: House) -> dict[str, str]:
    return {one.agent_id: one.presence for one in await house.registry.discover()}


async def pass_a_beat(house: House) -> None:
    """Let the time of one heartbeat pass, as soon as the host waits for it."""
    await wait_until(lambda: bool(house.clock._sleepers))
    house.clock.advance(BEAT)


async def test_agents_added_before_the_start_are_started_then(house: House) -> None:
    host = AgentHost(context=house.context)
    await host.add(definition("a"))
    assert await presence(house) == {}
    await host.start()
    await host.add(definition("b"))
    assert await presence(house) == {"a": "online", "b": "online"}
    await host.stop()
    assert await presence(house) == {"a": "offline", "b": "offline"}


async def test_one_heartbeat_keeps_all_online(house: House) -> None:
    host = AgentHost(context=house.context, heartbeat_interval=BEAT)
    for name in "abc":
        await host.add(definition(name))
    await host.start()
    for _ in range(4):
        await pass_a_beat(house)
        await wait_until(lambda: _seen_by_all(house))
    assert set((await presence(house)).values()) == {"online"}
    await host.stop()


async def _seen_by_all(house: House) -> bool:
    return all(one.last_seen == house.clock.now() for one in await house.registry.discover())


async def test_mail_makes_an_agent_active_at_the_next_beat(house: House) -> None:
    host = AgentHost(context=house.context, heartbeat_interval=BEAT)
    await host.add(definition("busy"))
    await host.add(definition("idle"))
    await host.start()
    await house.ask("busy", "health_check")
    await pass_a_beat(house)
    await wait_until(lambda: _active(house, "busy"))
    assert not await _active(house, "idle")
    await host.stop()


async def _active(house: House, agent_id: str) -> bool:
    return (await house.registry.get(agent_id)).last_active == house.clock.now()


async def test_an_agent_that_the_registry_lost_registers_again(house: House) -> None:
    host = AgentHost(context=house.context, heartbeat_interval=BEAT)
    await host.add(definition("a"))
    await host.start()
    await house.registry.deregister("a")
    await pass_a_beat(house)
    await wait_until(lambda: _known(house, "a"))
    await host.stop()


async def _known(house: House, agent_id: str) -> bool:
    return agent_id in await presence(house)


async def test_what_people_chose_survives_a_restart(house: House) -> None:
    for _ in range(2):
        host = AgentHost(context=house.context)
        await host.add(definition("a"))
        await host.start()
        await house.registry.set_availability("a", "away")
        await host.stop()
    host = AgentHost(context=house.context)
    await host.add(definition("a"))
    await host.start()
    assert (await house.registry.get("a")).availability == "away"
    await host.stop()


async def test_an_agent_is_hosted_once(host: AgentHost) -> None:
    await host.add(definition("a"))
    with pytest.raises(AgentExistsError):
        await host.add(definition("a"))
    await host.remove("a")
    with pytest.raises(UnknownAgentError):
        await host.remove("a")


async def test_an_agent_that_cannot_start_stops_none_of_the_others(house: House) -> None:
    class Broken(BaseAgent):
        async def get_agent_capabilities(self) -> dict[str, float]:
            raise LookupError("no capabilities")

    host = AgentHost(context=house.context)
    await host.add(definition("a"))
    await host.add(Broken(definition("b")))
    with pytest.raises(LookupError):
        await host.start()
    assert await presence(house) == {"a": "offline"}
    await host.remove("b")
    await host.start()
    with pytest.raises(LookupError):
        await host.add(Broken(definition("b")))
    assert set(host.agents) == {"a"}
    await host.stop()


async def test_a_changed_workplace_is_followed_without_a_restart(host: AgentHost, house: House) -> None:
    first = await host.reload(workplace("a", "b writer", "c"))
    assert (first.joined, first.left, first.changed) == (("a", "b", "c"), (), ())
    same = host.agents["a"]
    second = await host.reload(workplace("a", "b editor", "d"))
    assert (second.joined, second.left, second.changed) == (("d",), ("c",), ("b",))
    assert host.agents["a"] is same
    assert await presence(house) == {"a": "online", "b": "online", "d": "online"}
    assert (await house.registry.get("b")).role == "editor"
    third = await host.reload(workplace("a", "b editor", "d"))
    assert (third.joined, third.left, third.changed) == ((), (), ())


async def test_an_agent_that_left_while_the_host_was_down_is_struck_off(house: House) -> None:
    before = AgentHost(context=house.context)
    await before.start()
    await before.reload(workplace("a", "gone"))
    await before.add(BaseAgent(definition("by-hand")))  # not from the file: not its business
    await before.stop()
    after = AgentHost(context=house.context)
    await after.start()
    assert (await after.reload(workplace("a"))).left == ("gone",)
    assert await presence(house) == {"a": "online", "by-hand": "offline"}
    await after.stop()


async def test_the_workplace_file_owns_its_agents(host: AgentHost, house: House) -> None:
    await host.reload(workplace("a"))
    await host.add(BaseAgent(definition("b")))
    assert (await house.registry.get("a")).owner == "workplace file"
    assert (await house.registry.get("b")).owner == "database"


async def test_a_workplace_with_a_model_that_means_nothing_changes_nothing(host: AgentHost, house: House) -> None:
    await host.reload(workplace("a"))
    wrong = parse_workplace(b"agents:\n  - {agent_id: b}\n  - {agent_id: c, model: opnai:gpt-5}\n")
    with pytest.raises(ModelsError, match="opnai"):
        await host.reload(wrong)
    assert await presence(house) == {"a": "online"}


async def test_agents_left_to_other_processes_are_known_and_not_hosted(house: House) -> None:
    host = AgentHost(context=house.context, here=lambda agent_id: agent_id == "a", alone=False)
    await host.start()
    await host.reload(workplace("a", "b cso"))
    assert set(host.agents) == {"a"}
    assert set(host.definitions) == {"a", "b"}
    assert await presence(house) == {"a": "online", "b": "offline"}
    known = await house.registry.get("b")
    assert (known.role, "chat" in known.supported_intents) == ("cso", True)
    await host.stop()


async def test_whoever_hosts_an_agent_says_what_it_is(house: House) -> None:
    elsewhere = AgentHost(context=house.context, alone=False)
    await elsewhere.start()
    await elsewhere.add(definition("b", role="hosted"))
    server = AgentHost(context=house.context, here=lambda _: False, alone=False)
    await server.start()
    await server.reload(workplace("b read"))
    assert (await house.registry.get("b")).role == "hosted"
    assert await presence(house) == {"b": "online"}
    await server.reload(Workplace(agents=()))
    assert server.definitions == {}
    await server.stop()
    await elsewhere.stop()


async def test_one_of_several_strikes_off_nobody_that_it_never_knew(house: House) -> None:
    gone = AgentHost(context=house.context)
    await gone.start()
    await gone.reload(workplace("a"))
    await gone.stop()
    several = AgentHost(context=house.context, alone=False)
    await several.start()
    await several.reload(workplace("b"))
    assert await presence(house) == {"a": "offline", "b": "online"}
    await several.stop()
    alone = AgentHost(context=house.context)
    await alone.start()
    await alone.reload(workplace("b"))
    assert await presence(house) == {"b": "online"}
    await alone.stop()
