"""The nouns of this room. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

MEBIBYTE = 1024 * 1024


class FrameState(StrEnum):
    """Where a frame that is owed to the outside is.

    `asked`: the question is kept. `answering`: a conversation has it. `ready`: the frame waits to be sent. `sent`: the
    other side has it. `dropped`: it is not sent any more.
    """

    ASKED = "asked"
    ANSWERING = "answering"
    READY = "ready"
    SENT = "sent"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class BridgeLimits:
    """How much one bridge takes: bytes of a frame, questions a minute and unanswered at once, frames that wait."""

    frame_bytes: int = MEBIBYTE
    per_minute: int = 60
    open_questions: int = 100
    waiting: int = 10_000
    hops: int = 8
    """Answers to answers, as far as the other side counts them."""
    quick_turns: int = 20
    """Turns of one thread that came sooner than a person writes; then it rests."""


@dataclass(frozen=True, kw_only=True)
class BridgeTimes:
    """How long is waited for what. `heartbeat` is between two pings, `patience` for what the other side has to take or
    to confirm, `stable` how long a connection has to last for the pauses before the next to begin anew.
    """

    first_pause: timedelta = timedelta(seconds=0.5)
    longest_pause: timedelta = timedelta(seconds=60)
    connect: timedelta = timedelta(seconds=15)
    heartbeat: timedelta = timedelta(seconds=20)
    patience: timedelta = timedelta(seconds=20)
    closing: timedelta = timedelta(seconds=2)
    stable: timedelta = timedelta(seconds=10)
    lease: timedelta = timedelta(seconds=15)
    poll: timedelta = timedelta(seconds=1)
    quick: timedelta = timedelta(seconds=2)
    rest: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Owed:
    """A frame that is owed to the outside, as its row stands. `frame` is whole once it is `ready`."""

    number: int
    frame_id: str
    bridge: str
    user_id: str
    state: FrameState
    question: str | None
    agent: str | None
    thread: str
    answer_id: str | None
    attempts: int
    frame: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a bridge stands, as whoever holds it has said. `problem` says why it is not connected."""

    connected: bool = False
    attempts: int = 0
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class BridgeState:
    """A bridge as it is seen from outside. `attempts`: tries since it was connected last; `here`: this process has it.

    `waiting` frames are to be sent, `open` questions to be answered. `counts` are this process's, since it started.
    """

    name: str
    url: str
    user_id: str
    connected: bool
    attempts: int
    problem: str | None
    here: bool
    waiting: int = 0
    open: int = 0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """What became of something sent by hand: `sent` says that the other side has it; else it waits."""

    frame_id: str
    bridge: str
    sent: bool
    problem: str | None = None
