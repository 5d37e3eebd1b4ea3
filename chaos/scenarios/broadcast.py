"""One message to a thousand agents: each gets one copy, once, also when the broadcast is repeated."""

import time
from collections import Counter
from typing import Final

from chaos.live import emptied
from chaos.scenarios.pace import letter
from chaos.scenarios.stage import Outcome, Staff, Stage
from folkmoot.messaging import Delivery, Receipt
from tests.waiting import wait_until

RECIPIENTS: Final = 1000


async def run(stage: Stage) -> Outcome:
    """Send to everybody, wait until all have it, send the same again."""
    everybody = [f"agent-{number}" for number in range(RECIPIENTS)]
    got: Counter[str] = Counter()

    async def take(delivery: Delivery) -> None:
        got[delivery.message.recipient_id] += 1

    async with stage.broker(directory=Staff(everybody)) as broker:
        for agent_id in everybody:
            await broker.subscribe(agent_id, take)
        sent = letter("everybody", text="Good morning")
        began = time.perf_counter()
        outcomes = await broker.broadcast(sent)
        accepted = time.perf_counter() - began
        await wait_until(lambda: len(got) >= RECIPIENTS, seconds=60)
        handled = time.perf_counter() - began
        again = await broker.broadcast(sent)
        await emptied(broker)
    receipts = [outcome for outcome in outcomes.values() if isinstance(outcome, Receipt)]
    repeated = [outcome for outcome in again.values() if isinstance(outcome, Receipt) and outcome.duplicate]
    figures = {
        "recipients": RECIPIENTS,
        "accepted": len(receipts),
        "accepted_ms": accepted * 1000,
        "handled_ms": handled * 1000,
        "known_when_repeated": len(repeated),
        "copies": got.total(),
    }
    said = {
        f"{len(receipts)} of {RECIPIENTS} copies were accepted": len(receipts) != RECIPIENTS,
        f"{got.total()} copies came to {RECIPIENTS} agents": got.total() != RECIPIENTS,
        f"{len(repeated)} of {RECIPIENTS} were known when the broadcast was repeated": len(repeated) != RECIPIENTS,
    }
    return Outcome(figures=figures, broken=[words for words, wrong in said.items() if wrong])
