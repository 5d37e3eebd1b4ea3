"""Programs that are no agents: they send, ask and find; and a class that is given communication."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from folkmoot.agents import AgentHost, Answering, BaseAgent
from folkmoot.agents.config import AgentConfig
from folkmoot.agents.dashboard import Dashboard
from folkmoot.agents.dispatch import SPOKEN
from folkmoot.agents.errors import InvalidRequestError, NotInitializedError
from folkmoot.agents.mixin import Communicating
from folkmoot.agents.reach import Reach
from folkmoot.agents.sender import Sender
from folkmoot.messaging import AgentMessage, MessageIntent, Priority, Receipt, Reply
from folkmoot.messaging.errors import ReplyTimeoutError
from folkmoot.registry import UnknownAgentError
from tests.agents.house import House, definition


class HouseJoining:
    """The way into the house of a test."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def open(self) -> Reach:
        return Reach(letters=self._house.broker, known=self._house.registry, clock=self._house.clock)

    async def close(self) -> None:
        return


class Worker(BaseAgent):
    """Keeps what came in."""

    got: tuple[AgentMessage, ...] = ()

    async def handle_assign_task(self, message: AgentMessage) -> Reply:
        self.got += (message,)
        return {"status": "accepted", "task_id": message.payload.data["task_id"]}

    async def handle_request_knowledge(self, message: AgentMessage) -> Reply:
        if "secret" in message.payload.data["query"]:
            return {"status": "refused", "reason": "it is a secret"}
        return {"query": message.payload.data["query"], "context": message.payload.context}

    async def handle_agent_status(self, message: AgentMessage) -> Reply:
        return {"doing": f"answering {message.sender_id}"}


@pytest.fixture
def sender(house: House) -> Sender:
    return Sender(HouseJoining(house), sender_id="program")


@pytest.fixture
def dashboard(sender: Sender) -> Dashboard:
    return Dashboard(sender)


async def test_a_task_arrives_whole_whichever_word_its_text_was_given_by(host: AgentHost, sender: Sender) -> None:
    worker = await host.add(Worker(definition("w")))
    assert isinstance(worker, Worker)
    await sender.assign_task("w", "T1", task_description="Write", priority="high", wait_for_response=True)
    await sender.assign_task("w", "T2", description="Read", details={"pages": 3}, wait_for_response=True)
    first, second = worker.got
    assert first.payload.data == {"task_id": "T1", "description": "Write"}
    assert first.payload.priority is Priority.HIGH
    assert second.payload.data == {"task_id": "T2", "description": "Read", "pages": 3}


async def test_what_is_not_waited_for_is_accepted_by_a_receipt(host: AgentHost, sender: Sender) -> None:
    await host.add(Worker(definition("w")))
    receipt = await sender.send_message("w", MessageIntent.ASSIGN_TASK, {"task_id": "T"}, message_id="m1")
    again = await sender.send_message("w", MessageIntent.ASSIGN_TASK, {"task_id": "T"}, message_id="m1")
    assert isinstance(receipt, Receipt)
    assert isinstance(again, Receipt)
    assert (receipt.duplicate, again.duplicate) == (False, True)


async def test_whoever_does_not_exist_is_refused_by_name_and_nothing_is_kept(house: House, sender: Sender) -> None:
    with pytest.raises(UnknownAgentError, match=r"agent\.nobody"):
        await sender.assign_task("agent.nobody", "T1", wait_for_response=True)
    assert await house.broker.messages() == []
    assert (await sender.get_sender_stats())["failures"] == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"priority": "soon"}, "priority"), ({"intent": "sing"}, "intent"), ({"timeout": 0.0}, "response_timeout")],
)
async def test_a_letter_that_cannot_be_is_refused_by_its_field(
    host: AgentHost, sender: Sender, wrong: dict[str, Any], field: str
) -> None:
    await host.add(Worker(definition("w")))
    with pytest.raises(InvalidRequestError, match=f"^{field}: "):
        await sender.send_message(**{"recipient_id": "w", "intent": "chat", "wait_for_response": True, **wrong})


async def test_patience_is_in_seconds_and_counted(host: AgentHost, house: House, sender: Sender) -> None:
    await host.add(Worker(definition("w")))
    await house.registry.register(await Worker(definition("silent")).info())
    with pytest.raises(ReplyTimeoutError):
        await sender.request_knowledge("silent", "Anybody?", wait_for_response=True, timeout=0.05)
    await sender.request_knowledge("w", "You?", {"industry": "food"}, wait_for_response=True)
    stats = await sender.get_sender_stats()
    assert (stats["messages_sent"], stats["replies_received"], stats["timeouts"]) == (2, 1, 1)


async def test_a_broadcast_goes_to_one_group_with_an_outcome_for_each(host: AgentHost, sender: Sender) -> None:
    for name, department in (("a", "marketing"), ("b", "marketing"), ("c", "sales")):
        await host.add(Worker(definition(name, department=department)))
    results = await sender.broadcast_message(MessageIntent.AGENT_STATUS, {"news": 1}, department="marketing")
    assert {name: one["status"] for name, one in results.items()} == {"a": "accepted", "b": "accepted"}
    assert set(await sender.broadcast_message(MessageIntent.AGENT_STATUS)) == {"a", "b", "c"}
    with pytest.raises(InvalidRequestError, match="role:x and department:y"):
        await sender.broadcast_message(MessageIntent.AGENT_STATUS, role="x", department="y")


async def test_where_an_agent_stands_can_be_read(host: AgentHost, sender: Sender) -> None:
    worker = await host.add(Worker(definition("w", max_capacity=3)))
    assert (await sender.get_agent_status("w"))["status"] == "online"
    host.release("w")
    await worker.shutdown()
    status = await sender.get_agent_status("w")
    assert (status["status"], status["max_capacity"], status["current_workload"]) == ("offline", 3, 0)


async def test_a_dashboard_asks_the_head_of_sales_or_else_the_department(host: AgentHost, dashboard: Dashboard) -> None:
    await host.add(Worker(definition("clerk", department="sales")))
    first = await dashboard.request_sales_data("cmo", "How much?", {"priority": "high"})
    assert (first["success"], first["data"]["query"]) == (True, "How much?")
    await host.add(Worker(definition("chief", role="cso", department="sales")))
    await host.remove("clerk")
    assert (await dashboard.request_sales_data("cmo", "How much?"))["success"]


async def test_a_dashboard_is_told_what_went_wrong(host: AgentHost, dashboard: Dashboard) -> None:
    await host.add(Worker(definition("w", role="cso")))
    nobody = await dashboard.ask_role("cfo", "What is left?")
    refused = await dashboard.ask_role("cso", "the secret")
    assert (nobody["success"], nobody["data"]) == (False, None)
    assert "cfo" in str(nobody["error"])
    assert (refused["success"], refused["error"]) == (False, "it is a secret")


async def test_the_state_of_a_department_names_everybody(host: AgentHost, house: House, dashboard: Dashboard) -> None:
    await host.add(Worker(definition("here", department="marketing")))
    await house.registry.register(await Worker(definition("away", department="marketing")).info(), online=False)
    found = await dashboard.exec_request_department_status("marketing")
    assert found["data"]["agents"] == {"away": {"status": "offline"}, "here": {"doing": "answering program"}}
    assert (found["success"], found["error"]) == (True, "no answer from away")
    empty = await dashboard.exec_request_department_status("astronomy")
    assert (empty["success"], "astronomy" in str(empty["error"])) == (False, True)


class Warehouse:
    """A class that existed before."""

    def __init__(self, stock: int) -> None:
        self.stock = stock


class Talking(Communicating, Warehouse):
    """The same, with communication."""

    host: AgentHost

    def _spokesperson(self, config: AgentConfig, handlers: Mapping[str, Answering]) -> BaseAgent:
        return Hosted(self.host, config, handlers)

    async def _handle_knowledge_request(self, message: AgentMessage) -> Reply:
        return {"stock": self.stock, "asked": message.payload.data["query"]}

    def _handle_task_assignment(self, message: AgentMessage) -> Reply:
        return {"status": "accepted", "by": message.recipient_id}

    async def handle_agent_status(self, message: AgentMessage) -> Reply:
        return {"mine": message.intent}

    async def _handle_status_request(self, message: AgentMessage) -> Reply:
        raise AssertionError(f"handle_{message.intent} goes before")


class Hosted(BaseAgent):
    """An agent that a host takes when it is initialized."""

    def __init__(self, host: AgentHost, config: AgentConfig, handlers: Mapping[str, Answering]) -> None:
        super().__init__(config.definition, handlers=handlers)
        self._host = host

    async def initialize(self) -> None:
        await (super().initialize() if self.has_context else self._host.add(self))


async def test_a_class_with_communication_answers_by_its_own_methods(host: AgentHost, sender: Sender) -> None:
    shelf = Talking(7)
    shelf.host = host
    with pytest.raises(NotInitializedError, match="initialize_communication"):
        await shelf.request_info_from_agent("cso", "Anybody?")
    await shelf.initialize_communication("warehouse north", "warehouse", "logistics", ["stock"])
    (found,) = await sender.discover_agents(capability="stock", intent=MessageIntent.REQUEST_KNOWLEDGE)
    assert (found.agent_id, found.name) == ("warehouse-north", "warehouse north")
    asked = await sender.request_knowledge(found.agent_id, "beans", wait_for_response=True)
    given = await sender.assign_task(found.agent_id, "T1", wait_for_response=True)
    status = await sender.send_message(found.agent_id, MessageIntent.AGENT_STATUS, wait_for_response=True)
    assert asked.payload.data == {"stock": 7, "asked": "beans"}
    assert given.payload.data == {"status": "accepted", "by": "warehouse-north"}
    assert status.payload.data == {"mine": "agent_status"}
    await shelf.end_communication()
    assert (await sender.get_agent_status(found.agent_id))["status"] == "offline"


async def test_two_classes_ask_each_other_at_once(host: AgentHost) -> None:
    one, other = Talking(1), Talking(2)
    for talking, name in ((one, "left"), (other, "right")):
        talking.host = host
        await talking.initialize_communication(name, name, "logistics")
    answers = await asyncio.gather(
        *(one.request_info_from_agent("right", str(number)) for number in range(10)),
        *(other.request_info_from_agent("left", str(number)) for number in range(10)),
    )
    assert [answer["data"]["stock"] for answer in answers] == [2] * 10 + [1] * 10


def test_every_intent_has_a_spoken_name() -> None:
    assert set(SPOKEN) == set(MessageIntent)
    assert len(set(SPOKEN.values())) == len(SPOKEN)
