"""An agent: a class with handlers, reached by messages."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from folkmoot.agents import AgentHost, Answering, BaseAgent
from folkmoot.agents.errors import AgentsError, NotInitializedError
from folkmoot.messaging import AgentMessage, Delivery, MessageIntent, Receipt, Reply
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.errors import BrokerStoppedError, HandlingFailedError
from folkmoot.registry import AgentInfo
from tests.agents.house import PATIENCE, House, definition
from tests.waiting import wait_until


class Writer(BaseAgent):
    """As somebody would write one."""

    done: tuple[str, ...] = ()

    async def handle_assign_task(self, message: AgentMessage) -> Reply:
        self.done += (message.payload.data["task_id"],)
        return {"status": "accepted"}

    async def handle_request_knowledge(self, message: AgentMessage, delivery: Delivery) -> Reply:
        assert message is delivery.message
        await delivery.stream({"chunk": "Short"})
        return {"answer": f"Short sentences, at attempt {delivery.attempt}."}

    async def handle_custom_daily_report(self, message: AgentMessage) -> Reply:
        return {"report": message.intent}

    async def handle_share_insights(self, message: AgentMessage) -> Reply:
        raise ValueError(f"{message.intent} is not mine to do")

    async def not_a_handler(self) -> None:
        return


class Shy(Writer):
    """Shows less than it handles."""

    async def get_supported_intents(self) -> list[str]:
        return [MessageIntent.GET_ROADMAP]

    async def get_agent_capabilities(self) -> list[str]:
        return ["content_creation"]


async def test_what_it_can_do_follows_from_its_handlers(host: AgentHost, house: House) -> None:
    await host.add(Writer(definition("w", role="writer", capabilities=["seo"])))
    (found,) = await house.registry.discover(intent="assign_task", capability="seo", role="writer", online_only=True)
    assert set(found.supported_intents) == {
        "agent_status",
        "assign_task",
        "capability_query",
        "custom:daily_report",
        "health_check",
        "request_knowledge",
        "share_insights",
    }


async def test_both_may_be_overridden_and_the_handlers_still_count(host: AgentHost, house: House) -> None:
    agent = await host.add(Shy(definition("shy")))
    record = await house.registry.get("shy")
    assert (record.supported_intents, record.capabilities) == (("get_roadmap",), {"content_creation": 1.0})
    assert await house.ask("shy", "assign_task", task_id="T1") == {"status": "accepted"}
    assert isinstance(agent, Shy)
    assert agent.done == ("T1",)


async def test_a_handler_may_take_the_delivery(host: AgentHost, house: House) -> None:
    await host.add(Writer(definition("w")))
    parts = [
        part async for part in house.broker.request_stream(house.letter("w", "request_knowledge"), timeout=PATIENCE)
    ]
    assert parts[0] == {"chunk": "Short"}
    assert isinstance(parts[-1], AgentMessage)
    assert parts[-1].payload.data == {"answer": "Short sentences, at attempt 1."}


async def test_a_custom_intent_finds_its_method(host: AgentHost, house: House) -> None:
    await host.add(Writer(definition("w")))
    assert await house.ask("w", "custom:daily-report") == {"report": "custom:daily-report"}


async def test_an_unknown_intent_is_a_dead_letter_at_once(host: AgentHost, house: House) -> None:
    await host.add(Writer(definition("w")))
    with pytest.raises(HandlingFailedError, match="does not handle 'get_roadmap'; it handles agent_status"):
        await house.ask("w", "get_roadmap")
    (letter,) = await house.broker.dead_letters(agent_id="w")
    assert letter.attempts == 1
    assert (await house.ask("w", "health_check"))["status"] == "healthy"


async def test_every_agent_answers_for_itself(host: AgentHost, house: House) -> None:
    await host.add(BaseAgent(definition("plain", name="Plain", capabilities={"rust": 0.25})))
    assert (await house.ask("plain", "health_check"))["agent_id"] == "plain"
    queried = await house.ask("plain", "capability_query", capability="rust")
    assert (queried["level"], queried["capabilities"]) == (0.25, {"rust": 0.25})
    assert (await house.ask("plain", "capability_query", capability="welding"))["level"] == 0.0
    assert (await house.ask("plain", "agent_status"))["agent"]["presence"] == "online"


async def test_a_failing_handler_does_not_end_the_agent(host: AgentHost, house: House) -> None:
    await host.add(Writer(definition("w")))
    await house.broker.publish(house.letter("w", "share_insights"))
    assert await house.ask("w", "assign_task", task_id="T1") == {"status": "accepted"}


async def test_agents_speak_to_each_other(host: AgentHost, house: House) -> None:
    first = await host.add(Writer(definition("first", role="writer")))
    await host.add(Writer(definition("second", role="editor")))
    reply = await first.send_message("role:editor", "assign_task", {"task_id": "T1"}, wait_for_response=True)
    assert isinstance(reply, AgentMessage)
    assert (reply.sender_id, reply.payload.data) == ("second", {"status": "accepted"})
    receipt = await first.send_message("second", "assign_task", {"task_id": "T2"}, conversation_id="c1")
    assert isinstance(receipt, Receipt)
    await wait_until(lambda: _handled(house, receipt.message_id))
    assert [one.agent_id for one in await first.discover_agents(role="editor")] == ["second"]


async def _handled(house: House, message_id: str) -> bool:
    record = await house.broker.find(message_id)
    return record is not None and record.status is MessageStatus.HANDLED


async def test_mail_waits_while_an_agent_is_away(house: House) -> None:
    first = Writer(definition("w"), context=house.context)
    await first.initialize()
    await first.initialize()
    await first.shutdown()
    await first.shutdown()
    assert (await house.registry.get("w")).presence == "offline"
    receipt = await house.broker.publish(house.letter("w", "assign_task", task_id="T1"))
    again = Writer(definition("w"), context=house.context)
    await again.initialize()
    await wait_until(lambda: again.done == ("T1",))
    assert receipt.recipient_id == "w"
    await again.shutdown()


async def test_shutdown_lets_handlers_finish(house: House) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    class Slow(BaseAgent):
        async def handle_assign_task(self, message: AgentMessage) -> Reply:
            begun.set()
            await may_end.wait()
            return {"done": message.intent}

    agent = Slow(definition("slow"), context=house.context)
    await agent.initialize()
    asked = asyncio.create_task(house.ask("slow", "assign_task"))
    await asyncio.wait_for(begun.wait(), 5)
    leaving = asyncio.create_task(agent.shutdown())
    await asyncio.sleep(0)
    may_end.set()
    await leaving
    assert await asked == {"done": "assign_task"}


async def test_an_agent_that_cannot_take_mail_does_not_look_online(house: House) -> None:
    await house.broker.stop()
    with pytest.raises(BrokerStoppedError):
        await BaseAgent(definition("a"), context=house.context).initialize()
    assert (await house.registry.get("a")).presence == "offline"


async def test_without_a_workplace_it_says_so() -> None:
    with pytest.raises(NotInitializedError, match="AgentHost"):
        await BaseAgent(definition("lonely")).initialize()


class Greets:
    """A behaviour that a room above gives."""

    def handlers(self, agent: AgentInfo) -> Mapping[str, Answering]:
        if agent.type == "manager":
            return {}

        async def consult(delivery: Delivery) -> Reply:
            return {"can_do": True, "from": agent.agent_id, "attempt": delivery.attempt}

        async def assign(delivery: Delivery) -> Reply:
            return {"status": f"from the behaviour at {delivery.attempt}"}

        return {MessageIntent.CONSULT: consult, MessageIntent.ASSIGN_TASK: assign}


async def test_a_behaviour_gives_handlers(house: House) -> None:
    host = AgentHost(context=house.context, behaviours=[Greets()])
    await host.add(Writer(definition("w")))
    await host.add(definition("chief", type="manager"))
    await host.start()
    assert await house.ask("w", "consult") == {"can_do": True, "from": "w", "attempt": 1}
    # The class's own handler is the nearer one.
    assert await house.ask("w", "assign_task", task_id="T1") == {"status": "accepted"}
    assert [one.agent_id for one in await house.registry.discover(intent="consult")] == ["w"]
    await host.stop()


async def test_two_behaviours_for_one_intent_are_a_fault(house: House) -> None:
    host = AgentHost(context=house.context, behaviours=[Greets(), Greets()])
    await host.add(Writer(definition("w")))
    with pytest.raises(AgentsError, match="two behaviours"):
        await host.start()


async def test_a_declared_intent_without_a_handler_is_not_shown(host: AgentHost, house: House) -> None:
    await host.add(BaseAgent(definition("w", supported_intents=["get_roadmap", "health_check"])))
    assert "get_roadmap" not in (await house.registry.get("w")).supported_intents


async def test_a_plain_handler_asks_no_model(host: AgentHost, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("a model was asked")

    monkeypatch.setattr(house.context.models, "_ready", never)
    await host.add(definition("spec", name="Spec"))
    assert (await house.ask("spec", "health_check"))["status"] == "healthy"
    assert (await house.ask("spec", "capability_query"))["agent_id"] == "spec"


async def test_patience_ends(host: AgentHost) -> None:
    class Silent(BaseAgent):
        async def handle_assign_task(self, message: AgentMessage) -> Reply:
            await asyncio.Event().wait()
            return {"never": message.intent}

    await host.add(Silent(definition("silent")))
    asker = await host.add(Writer(definition("asker")))
    with pytest.raises(Exception, match="silent"):
        await asker.send_message("silent", "assign_task", wait_for_response=True, timeout=timedelta(milliseconds=50))
