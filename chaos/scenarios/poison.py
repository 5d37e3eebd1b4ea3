"""Messages that no handler can digest: parked after their attempts, while the mail around them goes on."""

from datetime import timedelta
from typing import Final

from chaos.scenarios.pace import SENDERS, Pace, letter, nothing
from chaos.scenarios.stage import Outcome, Stage
from folkmoot.messaging import AgentMessage, Delivery
from folkmoot.messaging.retry import RetryPolicy
from tests.waiting import wait_until

ATTEMPTS: Final = 4
MESSAGES: Final = 300
EVERY: Final = 10
ROUNDS: Final = 3
_PATIENCE: Final = 30


async def run(stage: Stage) -> Outcome:
    """Rounds without and with poison in turn; the best p99 of each, as a busy machine only adds."""
    retry = RetryPolicy(attempts=ATTEMPTS, first_delay=timedelta(seconds=0.05))
    async with stage.broker(retry=retry) as broker:
        pace = Pace("desk")

        async def handle(delivery: Delivery) -> None:
            if delivery.message.payload.data.get("poison"):
                raise RuntimeError("nobody can read this")
            await pace.handle(delivery)

        await broker.subscribe("desk", handle)
        await pace.p99(broker, MESSAGES // 3, between=nothing)
        without, among = [], []
        for _ in range(ROUNDS):
            without.append(await pace.p99(broker, MESSAGES, between=nothing))
            among.append(await pace.p99(broker, MESSAGES, between=_poison))
        poisoned = ROUNDS * MESSAGES // EVERY

        async def all_parked() -> bool:
            return (await broker.stats()).dead >= poisoned

        await wait_until(all_parked, seconds=_PATIENCE)
        parked = await broker.dead_letters(limit=10 * poisoned)
    times = min(among) / min(without)
    figures = {
        "poisoned": poisoned,
        "parked": len(parked),
        "attempts_of_each": sorted({record.attempts for record in parked}),
        "p99_without_ms": min(without) * 1000,
        "p99_among_poison_ms": min(among) * 1000,
        "times_as_long": times,
    }
    said = {
        f"{len(parked)} of {poisoned} poisoned messages are parked": len(parked) != poisoned,
        f"parked after {figures['attempts_of_each']} attempts, not {ATTEMPTS}": figures["attempts_of_each"]
        != [ATTEMPTS],
        f"the others waited {times:.2f} times as long": times >= 2,
    }
    return Outcome(figures=figures, broken=[words for words, wrong in said.items() if wrong])


def _poison(number: int) -> AgentMessage | None:
    return letter("desk", f"sender-{number % SENDERS}", poison=True) if number % EVERY == 0 else None
