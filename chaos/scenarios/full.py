"""A mailbox that holds as many as it may: its sender is told so by a typed error, and nothing is lost of the rest."""

from typing import Final

from chaos.scenarios.pace import letter
from chaos.scenarios.stage import Outcome, Stage
from folkmoot.messaging import Delivery
from folkmoot.messaging.errors import MailboxFullError
from tests.waiting import wait_until

LIMIT: Final = 100
SENT: Final = 150


async def run(stage: Stage) -> Outcome:
    """Fill it, see the refusals, empty it, send again."""
    got: set[str] = set()
    accepted: list[str] = []
    codes: list[str] = []

    async def take(delivery: Delivery) -> None:
        got.add(delivery.message.message_id)

    async with stage.broker(mailbox_limit=LIMIT) as broker:
        for _ in range(SENT):
            sent = letter("busy")
            try:
                await broker.publish(sent)
            except MailboxFullError as error:
                codes.append(error.code)
            else:
                accepted.append(sent.message_id)
        beside = await broker.publish(letter("idle"))
        await broker.subscribe("busy", take)
        await wait_until(lambda: len(got) >= len(accepted), seconds=30)
        again = await broker.publish(letter("busy"))
    figures = {"limit": LIMIT, "accepted": len(accepted), "refused": len(codes), "code": ", ".join(sorted({*codes}))}
    said = {
        f"{len(accepted)} were accepted into a mailbox for {LIMIT}": len(accepted) != LIMIT,
        f"{len(codes)} of {SENT - LIMIT} refusals were typed": codes != ["mailbox_full"] * (SENT - LIMIT),
        f"{len({*accepted} - got)} accepted messages were lost": bool({*accepted} - got),
        "another mailbox, or the emptied one, took nothing": beside.duplicate or again.duplicate,
    }
    return Outcome(figures=figures, broken=[words for words, wrong in said.items() if wrong])
