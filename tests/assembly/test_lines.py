"""How the objects of a program find each other: one line for those that mean the same place, and its end."""

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from folkmoot import (
    AgentCommunicationMixin,
    AgentMemoryInterface,
    AgentMessage,
    AgentRegistry,
    BaseAgent,
    MessageBroker,
    MessageSender,
    create_agent_config,
)
from folkmoot.assembly import Settings
from folkmoot.assembly.lines.choose import ServerPlace, Wanted, choose, choose_line
from folkmoot.assembly.lines.errors import NoMailHereError
from folkmoot.assembly.lines.keep import enter, is_open
from folkmoot.assembly.lines.line import Line, LinePlace
from folkmoot.home import Home, HomeBusyError
from folkmoot.messaging import Delivery
from folkmoot.messaging.errors import NobodyFitsError
from folkmoot.registry import AgentExistsError
from tests.waiting import wait_until


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home of one's own, and nothing of the developer's environment."""
    for name in ("FOLKMOOT_URL", "REDIS_URL", "FOLKMOOT_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    return Settings.model_validate({"FOLKMOOT_HOME": tmp_path / "home", "MODEL": "offline"})


class Echo(BaseAgent):
    """Says what it hears; `slow` makes it wait for ever."""

    async def handle_chat(self, message: AgentMessage) -> dict[str, Any]:
        if message.payload.data.get("slow"):
            await asyncio.Event().wait()
        return message.payload.data


def echo(agent_id: str, settings: Settings) -> Echo:
    return Echo(create_agent_config(agent_id=agent_id, role="echo"), settings=settings)


class Opened:
    """A place whose line is counted instead of opened."""

    def __init__(self, *, fault: Exception | None = None) -> None:
        self.opened = self.closed = 0
        self.fault = fault
        self.go_on = asyncio.Event()
        self.go_on.set()

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[Line]:
        self.opened += 1
        if self.fault is not None:
            raise self.fault
        await self.go_on.wait()
        yield Line(broker=..., registry=..., host=..., clock=..., where="nowhere")  # type: ignore[arg-type]  # nobody asks
        await asyncio.sleep(0)
        self.closed += 1

    def place(self) -> LinePlace:
        return LinePlace(key="nowhere", opening=self.opening)


async def test_who_means_the_same_place_shares_its_line_and_the_last_closes_it() -> None:
    opened = Opened()
    first, second = await asyncio.gather(enter(opened.place()), enter(opened.place()))
    assert first.line is second.line
    await first.leave()
    await first.leave()
    assert opened.closed == 0
    await second.leave()
    assert (opened.opened, opened.closed, is_open(opened.place())) == (1, 1, False)


async def test_who_comes_while_it_is_closed_gets_a_new_one() -> None:
    opened = Opened()
    stay = await enter(opened.place())
    _, again = await asyncio.gather(stay.leave(), enter(opened.place()))
    assert (opened.opened, opened.closed) == (2, 1)
    await again.leave()


async def test_a_line_that_cannot_be_opened_says_so_to_everyone_and_may_be_tried_again() -> None:
    opened = Opened(fault=OSError("no"))
    outcomes = await asyncio.gather(*(enter(opened.place()) for _ in range(3)), return_exceptions=True)
    assert [str(one) for one in outcomes] == ["no"] * 3
    opened.fault = None
    await (await enter(opened.place())).leave()
    assert opened.closed == 1


async def test_who_gives_up_waiting_does_not_keep_it_open() -> None:
    opened = Opened()
    opened.go_on.clear()
    entering = asyncio.create_task(enter(opened.place()))
    await wait_until(lambda: opened.opened == 1)
    entering.cancel()
    opened.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await entering
    await wait_until(lambda: not is_open(opened.place()))


async def test_agents_and_a_sender_made_apart_meet_and_leave(settings: Settings) -> None:
    agent, sender = echo("echo", settings), MessageSender(settings=settings)
    await asyncio.gather(agent.initialize(), sender.initialize())
    await agent.initialize()
    reply = await sender.send_message("role:echo", "chat", {"say": "hi"}, wait_for_response=True)
    assert reply.payload.data == {"say": "hi"}
    await agent.shutdown()
    assert (await sender.get_agent_status("echo"))["status"] == "offline"
    await sender.send_message("echo", "chat", {"say": "later"}, message_id="m1")
    await sender.close()
    assert Home(settings.home).owner() is None
    async with agent, MessageBroker(settings=settings) as broker:  # the same object comes back, in a new line
        line = await choose_line(Wanted(settings=settings))
        assert is_open(line)
        letter = AgentMessage(message_id="m1", sender_id="x", recipient_id="echo", intent="chat")
        assert (await broker.publish_message(letter)).duplicate
    assert Home(settings.home).owner() is None


async def test_the_whole_workplace_cannot_be_opened_beside_a_line_and_that_is_said_at_once(settings: Settings) -> None:
    memory = AgentMemoryInterface(settings=settings)
    async with MessageSender(settings=settings):
        with pytest.raises(HomeBusyError, match="open in this program already"):
            await asyncio.wait_for(memory.initialize(), 10)
    await memory.close()


async def test_a_message_to_everybody_is_told_to_be_a_broadcast(settings: Settings) -> None:
    async with MessageSender(settings=settings) as sender:
        with pytest.raises(NobodyFitsError, match="use broadcast"):
            await sender.send_message("everybody", "chat", {"message": "hello"})


async def test_two_agents_of_one_id_in_a_program_are_one_too_many(settings: Settings) -> None:
    async with echo("echo", settings) as first:
        second = echo("echo", settings)
        with pytest.raises(AgentExistsError, match="'echo' already"):
            await second.initialize()
        assert not second.has_context
        assert (await first.discover_agents())[0].agent_id == "echo"


async def test_the_parts_can_be_had_without_an_agent(settings: Settings) -> None:
    heard: list[str] = []

    async def hear(delivery: Delivery) -> None:
        heard.append(delivery.message.message_id)

    async with AgentRegistry(settings=settings) as registry, MessageBroker(settings=settings) as broker:
        await registry.register_agent(create_agent_config(agent_id="ear", department="hearing"))
        assert (await broker.health_check())["success"]
        subscription = await broker.subscribe_to_agent("ear", hear)
        letter = AgentMessage(sender_id="mouth", recipient_id="department:hearing", intent="notification")
        assert (await broker.publish_message(letter)).recipient_id == "ear"
        await wait_until(lambda: heard == [letter.message_id])
        await subscription.cancel()
        assert (await registry.get_registry_stats()).online == 1
        assert [one.agent_id for one in await registry.get_online_agents()] == ["ear"]
        assert (await registry.get_agent("ear")).department == "hearing"


async def test_an_agent_on_a_line_shares_memory_and_searches_what_its_role_may_see(settings: Settings) -> None:
    async with echo("one", settings) as one, echo("other", settings) as other:
        await one.set_shared_memory("plan", ["October"], space_id="c1")
        assert await other.get_shared_memory("plan", space_id="c1") == ["October"]
        assert await one.search_knowledge("anything") == []
    chief = Echo(create_agent_config(agent_id="chief", role="CMO"), settings=settings)
    async with chief:
        assert await chief.searched_scopes() == {"executive", "marketing", "sales", "product"}


def test_a_program_that_closes_nothing_ends_in_order(settings: Settings) -> None:
    async def program() -> None:
        agent, sender = echo("echo", settings), MessageSender(settings=settings)
        await agent.initialize()
        await sender.send_message("echo", "chat", {"slow": True}, message_id="cut off")
        await sender.send_message("echo", "chat", {}, wait_for_response=True, priority="high")

    async def what_is_left() -> tuple[str, str]:
        async with MessageSender(settings=settings) as sender, MessageBroker(settings=settings) as broker:
            line = await enter(await choose_line(Wanted(settings=settings)))
            record = await line.line.broker.find("cut off")
            await line.leave()
            assert record is not None
            assert (await broker.health_check())["success"]
            return (await sender.get_agent_status("echo"))["status"], record.status

    asyncio.run(program())
    gc.collect()
    assert asyncio.run(what_is_left()) == ("offline", "queued")


def test_the_same_objects_join_again_in_another_event_loop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLKMOOT_HOME", str(settings.home))
    agent, registry = echo("echo", settings), AgentRegistry(settings=settings)
    sender, talking = MessageSender(settings=settings), AgentCommunicationMixin()

    async def program() -> list[str]:
        await agent.initialize()
        await talking.initialize_communication("talker", "talker", "talk")
        await sender.send_message("echo", "chat", wait_for_response=True)
        return [one.agent_id for one in await registry.get_online_agents()]

    assert [asyncio.run(program()) for _ in range(3)] == [["echo", "talker"]] * 3


def test_a_line_imports_nothing_of_the_web_and_of_the_estimator(settings: Settings) -> None:
    program = (
        "import asyncio, sys\n"
        "from folkmoot import MessageSender\n"
        "async def main():\n"
        "    async with MessageSender() as sender:\n"
        "        await sender.get_sender_stats()\n"
        "asyncio.run(main())\n"
        "print({'fastapi', 'nicegui', 'dbos', 'sklearn', 'pydantic_ai'} & set(sys.modules))\n"
    )
    environment = {"FOLKMOOT_HOME": str(settings.home), "PATH": os.environ["PATH"]}
    # The first brings up the tables of the home, those of the web among them.
    _, second = (
        subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd="/", capture_output=True, text=True, check=True
        )
        for _ in range(2)
    )
    assert second.stdout == "set()\n"


async def test_where_a_server_has_the_home_its_address_is_meant_and_no_mail_is_had(settings: Settings) -> None:
    home = Home(settings.home)
    with home.owned():
        home.announce(url="http://127.0.0.1:9", key="k")
        place = await choose(Wanted(settings=settings))
        assert isinstance(place, ServerPlace)
        assert place.where == "http://127.0.0.1:9"
        with pytest.raises(NoMailHereError, match="REDIS_URL"):
            await echo("echo", settings).initialize()


async def test_redis_goes_before_a_server_and_an_argument_before_the_settings(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOLKMOOT_URL", "http://127.0.0.1:9")
    by_url = await choose(Wanted(settings=settings))
    by_redis = await choose(Wanted(redis_url="redis://cache/3", settings=settings))
    again = await choose(Wanted(redis_url="redis://cache:6379/3", settings=settings))
    named = await choose(Wanted(url="http://127.0.0.1:8", redis_url="redis://cache/3", settings=settings))
    assert isinstance(by_url, ServerPlace)
    assert isinstance(by_redis, LinePlace)
    assert isinstance(again, LinePlace)
    assert by_redis.key == again.key
    assert isinstance(named, ServerPlace)
    assert named.url == "http://127.0.0.1:8"
