"""Bridges: connections to somebody else's WebSocket servers, whose users talk with the agents here (SPEC E6).

What comes in is read by `frames.py`, judged by `loops.py`, kept as a row and said in a conversation by `questions.py`;
the answer goes out from `outbox.py` over the connection there is (`line.py`, `dial.py`). `bridge.py` keeps one
connected, `lease.py` sees to it that of several servers one does, `desk.py` has them all. Which address may be called
is judged in `security`; who answers is decided in `conversations`.
"""

from folkmoot.bridge.bridge import Ground
from folkmoot.bridge.desk import BridgeDesk
from folkmoot.bridge.errors import BridgeError, UnknownBridgeError
from folkmoot.bridge.model import BridgeLimits, BridgeState, BridgeTimes, Outgoing

__all__ = [
    "BridgeDesk",
    "BridgeError",
    "BridgeLimits",
    "BridgeState",
    "BridgeTimes",
    "Ground",
    "Outgoing",
    "UnknownBridgeError",
]
