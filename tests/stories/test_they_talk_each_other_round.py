"""Two agents change their position because of what the other said.

Alice knows the subject best, and by the answers to the manager she is ahead. What the manager cannot see: she has
promised something else for this afternoon, and to take this task would break that promise. Bob has nothing on his
desk, but does not know that hers is full. Only when they speak to each other does the task find its way to Bob.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from folkmoot.messaging import AgentMessage, MessageIntent
from folkmoot.messaging.errors import HandlingFailedError
from folkmoot.tasks.model import Task
from folkmoot.tasks.talk import Stance
from folkmoot.tasks.views import TaskReport
from tests.tasks.house import House, open_house


async def the_afternoon(house: House) -> TaskReport:
    await house.join("alice", person="alice", invoicing=0.9)
    await house.join("bob", person="bob", invoicing=0.85)
    (promised,) = await house.hold(
        "alice", estimated_hours=5, priority=3, deadline=house.clock.now() + timedelta(hours=7)
    )
    task: Task = await house.shared_out("Repair the invoicing export", priority=8, estimated_hours=4)
    report = await house.desk.report(task.task_id)
    by_agent = {one.agent: one for one in report.consultation}
    assert by_agent["alice"].confidence > by_agent["bob"].confidence, "the story begins with Alice ahead"
    assert promised.task_id not in by_agent["alice"].message, "and her promise is not the manager's to know"
    return report


async def test_both_change_their_mind_and_bob_gets_it(house: House) -> None:
    report = await the_afternoon(house)
    (only,) = report.negotiation.rounds
    stood = {one.agent: one for one in only.positions}
    assert (stood["alice"].opening, stood["alice"].stance) == (Stance.KEEP, Stance.CONCEDE)
    assert (stood["bob"].opening, stood["bob"].stance) == (Stance.CONCEDE, Stance.COUNTER)
    assert report.negotiation.outcome is not None
    assert report.negotiation.outcome.changed == ("alice", "bob")
    assert report.task.owner == "bob"

    # Each says why, and cites the very message in which it heard it.
    told = {one.message_id: one for one in only.messages if one.intent == "argument"}
    heard_by_bob = {one for ground in stood["bob"].reasons for one in ground.evidence}
    assert [told[one].speaker for one in heard_by_bob] == ["alice"]
    assert any("miss the deadline" in told[one].message for one in heard_by_bob)
    assert "late" in stood["alice"].message


class DeafBroker:
    """Delivers nothing that one agent says to another; the manager is heard by everybody."""

    def __init__(self, broker: Any) -> None:
        self._broker = broker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    async def request(self, message: AgentMessage, *, timeout: timedelta) -> AgentMessage:  # noqa: ASYNC109  # as the broker's
        if message.intent == MessageIntent.NEGOTIATE and message.sender_id != "manager":
            raise HandlingFailedError("nobody hears")
        answer: AgentMessage = await self._broker.request(message, timeout=timeout)
        return answer


async def test_without_hearing_each_other_the_award_differs(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        object.__setattr__(house.contender, "broker", DeafBroker(house.broker))
        report = await the_afternoon(house)
    assert report.task.owner == "alice"
    assert report.negotiation.outcome is not None
    assert report.negotiation.outcome.changed == ()
