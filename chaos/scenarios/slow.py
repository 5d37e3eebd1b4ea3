"""An agent that takes a second for each message and has a pile of them: the others do not notice."""

import asyncio
from typing import Final

from chaos.scenarios.pace import SENDERS, Pace, letter, nothing
from chaos.scenarios.stage import Outcome, Stage
from folkmoot.messaging import AgentMessage, Delivery

MESSAGES: Final = 300
ROUNDS: Final = 3
PILE: Final = 500


async def run(stage: Stage) -> Outcome:
    """Rounds to a quick agent while the slow one has nothing, then while it drowns.

    The best p99 of each counts, as a busy machine only adds.
    """
    async with stage.broker() as broker:
        pace = Pace("quick")

        async def take_a_second(_delivery: Delivery) -> None:
            await asyncio.sleep(1)

        await broker.subscribe("quick", pace.handle)
        await broker.subscribe("slow", take_a_second)
        await pace.p99(broker, MESSAGES // 3, between=nothing)
        without = [await pace.p99(broker, MESSAGES, between=nothing) for _ in range(ROUNDS)]
        for number in range(PILE):
            await broker.publish(letter("slow", f"sender-{number % SENDERS}"))
        beside = [await pace.p99(broker, MESSAGES, between=_more) for _ in range(ROUNDS)]
        pile = (await broker.stats()).mailboxes.get("slow", 0)
    times = min(beside) / min(without)
    figures = {
        "pile_of_the_slow_one": pile,
        "p99_without_ms": min(without) * 1000,
        "p99_beside_it_ms": min(beside) * 1000,
        "times_as_long": times,
    }
    said = {
        "the slow agent has no pile, so nothing was measured": pile < PILE,
        f"the quick one's mail waited {times:.2f} times as long": times >= 2,
    }
    return Outcome(figures=figures, broken=[words for words, wrong in said.items() if wrong])


def _more(number: int) -> AgentMessage | None:
    return letter("slow", f"sender-{number % SENDERS}") if number % 2 == 0 else None
