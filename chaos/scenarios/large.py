"""The largest message that is allowed goes there and back whole; one that is a byte larger is refused."""

import statistics
import time
from datetime import timedelta
from typing import Final

from chaos.scenarios.pace import letter
from chaos.scenarios.stage import Outcome, Stage
from folkmoot.messaging import AgentMessage, Delivery, MessagePayload, Reply
from folkmoot.messaging.envelope import MAX_MESSAGE_BYTES
from folkmoot.messaging.errors import MessageTooLargeError

TIMES: Final = 20
PATIENCE: Final = timedelta(seconds=30)


async def run(stage: Stage) -> Outcome:
    """Ask with 1 MiB; the answer says what came."""
    whole = _of(MAX_MESSAGE_BYTES)
    text = whole.payload.data["text"]
    seconds: list[float] = []
    wrong = 0

    async def measure(delivery: Delivery) -> Reply:
        return {"same": delivery.message.payload.data["text"] == text, "bytes": len(delivery.message.to_bytes())}

    async with stage.broker() as broker:
        await broker.subscribe("desk", measure)
        for _ in range(TIMES):
            began = time.perf_counter()
            answer = await broker.request(_of(MAX_MESSAGE_BYTES), timeout=PATIENCE)
            seconds.append(time.perf_counter() - began)
            wrong += answer.payload.data != {"same": True, "bytes": MAX_MESSAGE_BYTES}
        try:
            await broker.publish(_of(MAX_MESSAGE_BYTES + 1))
        except MessageTooLargeError as error:
            refused = error.code
        else:
            refused = "accepted"
    figures = {
        "bytes": MAX_MESSAGE_BYTES,
        "round_trips": TIMES,
        "median_ms": statistics.median(seconds) * 1000,
        "one_byte_more": refused,
    }
    said = {
        f"{wrong} of {TIMES} came otherwise than they were sent": wrong > 0,
        f"one byte more was {refused}": refused != "message_too_large",
    }
    return Outcome(figures=figures, broken=[words for words, is_wrong in said.items() if is_wrong])


def _of(size: int) -> AgentMessage:
    message = letter("desk", text="")
    missing = size - len(message.to_bytes())
    return message.model_copy(update={"payload": MessagePayload(data={"text": "x" * missing})})
