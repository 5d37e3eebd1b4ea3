"""What it costs to seal what messages carry: sealing and opening, relative to writing and reading the envelope.

Rounds alternate, and medians are compared; the payload is 500 bytes. Sealed bytes outside a message, such as the chunks
of a streamed reply, are measured beside it.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from folkmoot.messaging import AgentMessage, MessagePayload
from folkmoot.messaging.middleware.encrypt import open_, seal
from folkmoot.messaging.middleware.keyring import Keyring

TIMES: Final = 5_000
ROUNDS: Final = 7


def run() -> dict[str, Any]:
    """Microseconds a message, and the share."""
    keyring = Keyring.of("a-secret-for-the-benchmark-alone-1")
    message = AgentMessage(
        sender_id="alice", recipient_id="bob", intent="chat", payload=MessagePayload(data={"text": "x" * 500})
    )
    sealed, chunk = seal(message, keyring), b"x" * 500
    plain_size, sealed_size = len(message.to_bytes()), len(sealed.to_bytes())
    acts: dict[str, Callable[[], object]] = {
        "write and read": lambda: AgentMessage.model_validate_json(message.to_bytes()),
        "seal and open": lambda: open_(seal(message, keyring), keyring),
        "write and read, sealed": lambda: AgentMessage.model_validate_json(sealed.to_bytes()),
        "seal and open a chunk": lambda: keyring.open_bytes(keyring.seal_bytes(chunk, b"m-1 0"), b"m-1 0"),
    }
    took: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            began = time.perf_counter()
            for _ in range(TIMES):
                act()
            took[name].append((time.perf_counter() - began) / TIMES * 1e6)
    medians = {name: statistics.median(found) for name, found in took.items()}
    return {
        **{f"microseconds to {name}": median for name, median in medians.items()},
        "seal and open, times write and read": medians["seal and open"] / medians["write and read"],
        "bytes, plain": plain_size,
        "bytes, sealed": sealed_size,
    }
