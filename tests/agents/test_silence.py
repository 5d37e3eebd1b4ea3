"""The kill switch: a silenced agent is silent within a second, and nothing of its mail is lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from folkmoot.agents import AgentHost, BaseAgent
from folkmoot.agents.errors import AgentSilencedError
from folkmoot.events import EventLog
from folkmoot.messaging import AgentMessage, Delivery
from folkmoot.messaging.broker import MessageStatus
from folkmoot.registry import BadAgentError, UnknownAgentError
from tests.agents.house import PATIENCE, House, definition
from tests.waiting import wait_until


class Talker(BaseAgent):
    """Streams without end until `enough` is set; then it answers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said = 0
        self.cut_off = 0
        self.enough = asyncio.Event()

    async def handle_chat(self, message: AgentMessage, delivery: Delivery) -> dict[str, Any]:
        try:
            while not self.enough.is_set():
                self.said += 1
                await delivery.stream({"chunk": self.said})
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        return {"text": f"answered {message.payload.data['text']}"}


@pytest.fixture
async def talker(host: AgentHost) -> AsyncIterator[Talker]:
    agent = Talker(definition("talker", role="speaker"))
    await host.add(agent)
    yield agent
    agent.enough.set()


async def silent(agent: Talker) -> None:
    await wait_until(lambda: agent.is_silenced, seconds=30)
    said = agent.said
    await asyncio.sleep(0.05)
    assert agent.said == said


async def test_a_busy_streaming_agent_is_silent_within_a_second(house: House, talker: Talker) -> None:
    letters = [house.letter("talker", "chat", text=str(number)) for number in range(3)]
    for number, letter in enumerate(letters):
        await house.broker.publish(letter.model_copy(update={"sender_id": f"somebody-{number}"}))
    await wait_until(lambda: talker.said > 50)
    started = time.monotonic()
    await house.registry.silence("talker", reason="it talks without end", by="user_ann")
    await wait_until(lambda: talker.is_silenced and talker.cut_off == 3, seconds=30)
    took = time.monotonic() - started
    said = talker.said
    await asyncio.sleep(0.1)
    assert talker.said == said, "it still speaks"
    assert took < 1, f"it took {took:.2f} s"
    records = [await house.broker.find(letter.message_id) for letter in letters]
    assert [one.status for one in records if one] == [MessageStatus.QUEUED] * 3


async def test_what_was_cut_off_and_what_came_meanwhile_is_answered_afterwards(house: House, talker: Talker) -> None:
    asking = asyncio.create_task(house.ask("talker", "chat", text="first"))
    await wait_until(lambda: talker.said > 0)
    await house.registry.silence("talker", reason="wait", by="user_ann")
    await silent(talker)
    second = asyncio.create_task(
        house.broker.request(
            house.letter("talker", "chat", text="second").model_copy(update={"sender_id": "another"}), timeout=PATIENCE
        )
    )
    talker.enough.set()
    await asyncio.sleep(0.05)
    assert not asking.done()
    assert not second.done()
    await house.registry.unsilence("talker", by="user_ann")
    assert await asking == {"text": "answered first"}
    assert (await second).payload.data == {"text": "answered second"}
    assert not talker.is_silenced


@pytest.mark.usefixtures("talker")
async def test_it_is_shown_as_silenced_and_given_nothing(house: House) -> None:
    assert await house.registry.fitting("role:speaker") == ["talker"]
    shown = await house.registry.silence("talker", reason=" it errs ", by="user_ann")
    assert (shown.presence, shown.silenced_by, shown.silenced_reason) == ("silenced", "user_ann", "it errs")
    assert shown.silenced_at == house.clock.now()
    assert await house.registry.fitting("role:speaker") == []
    assert await house.registry.discover(online_only=True) == []
    assert (await house.registry.get_registry_stats()).silenced == 1
    await house.registry.heartbeat(["talker"])
    assert (await house.registry.get("talker")).presence == "silenced", "a heartbeat brought it back"
    shown = await house.registry.unsilence("talker", by="user_ann")
    assert (shown.presence, shown.silenced_at, shown.silenced_reason) == ("online", None, None)


async def test_a_silenced_agent_sends_nothing(house: House, talker: Talker) -> None:
    await house.registry.silence("talker", reason="enough", by="user_ann")
    await silent(talker)
    with pytest.raises(AgentSilencedError, match="'talker' is silenced"):
        await talker.send_message("somebody", "notification", {})


async def test_it_stays_silent_after_a_restart(house: House, host: AgentHost, talker: Talker) -> None:
    await house.registry.silence("talker", reason="enough", by="user_ann")
    await silent(talker)
    await host.stop()
    again = AgentHost(context=house.context)
    reborn = Talker(definition("talker", role="speaker"))
    await again.add(reborn)
    await again.start()
    try:
        assert reborn.is_silenced
        reborn.enough.set()
        await house.broker.publish(house.letter("talker", "chat", text="hello"))
        await asyncio.sleep(0.05)
        assert not reborn.was_active()
        await house.registry.unsilence("talker", by="user_ann")
        await wait_until(reborn.was_active, seconds=30)
    finally:
        await again.stop()


async def test_one_that_joins_while_it_is_silenced_is_silent(house: House, host: AgentHost, talker: Talker) -> None:
    await house.registry.silence("talker", reason="enough", by="user_ann")
    await silent(talker)
    await host.stop()
    await host.start()
    assert talker.is_silenced
    assert (await house.registry.get("talker")).presence == "silenced"


async def test_a_handler_that_will_not_stop_keeps_no_other_from_being_silenced(
    house: House, host: AgentHost, talker: Talker
) -> None:
    release = asyncio.Event()

    class Stubborn(BaseAgent):
        async def handle_chat(self, message: AgentMessage) -> dict[str, Any]:  # noqa: ARG002  # asked or not
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            return {}

    stubborn = Stubborn(definition("stubborn"))
    await host.add(stubborn)
    await house.broker.publish(house.letter("stubborn", "chat", text="x"))
    await wait_until(stubborn.was_active)
    await house.registry.silence("stubborn", reason="x", by="a")
    await house.registry.silence("talker", reason="x", by="a")
    await wait_until(lambda: stubborn.is_silenced and talker.is_silenced, seconds=30)
    release.set()


@pytest.mark.usefixtures("talker")
async def test_silencing_tells_who_and_why_once(house: House) -> None:
    registry = house.registry
    await registry.silence("talker", reason="first", by="user_ann")
    await registry.silence("talker", reason="second", by="user_ben")
    assert (await registry.get("talker")).silenced_reason == "second"
    await registry.unsilence("talker", by="user_ann")
    await registry.unsilence("talker", by="user_ann")
    events = EventLog(database=house.database, clock=house.clock)
    told = [(one.type, one.data.get("reason")) for one in await events.read() if one.type.endswith("silenced")]
    assert told == [("agent_silenced", "first"), ("agent_unsilenced", "")]


async def test_it_takes_an_agent_and_a_reason(house: House, talker: Talker) -> None:
    with pytest.raises(UnknownAgentError):
        await house.registry.silence("nobody", reason="x", by="a")
    with pytest.raises(UnknownAgentError):
        await house.registry.unsilence("nobody", by="a")
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(BadAgentError, match="why 'talker' is silenced"):
            await house.registry.silence("talker", reason=reason, by="a")
    assert not talker.is_silenced
