"""What a frame from outside says, and how one of ours looks. Pure.

Servers out there speak in many ways: JSON objects with the text under one of several names, or plain text. What is no
question of anybody is passed over, with the reason: an answer, a typing sign, a greeting, what we said ourselves.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from folkmoot.kernel import rfc3339

OURS: Final = "folkmoot"
ANSWER: Final = "agent_response"
FAULT: Final = "error"
# Of these kinds are questions; a frame of any other is somebody else's business, and answering it may begin a loop.
_QUESTIONS: Final = frozenset(
    {"", "message", "chat", "chat_message", "user_message", "text", "query", "question", "prompt", "request", "user"}
)
_TEXTS: Final = ("message", "content", "text", "query", "prompt", "question")
_IDS: Final = ("id", "message_id", "msg_id", "frame_id", "uuid")
_THREADS: Final = ("conversation_id", "session_id", "thread_id", "room", "channel", "user_id", "user")
_AGENTS: Final = ("to", "agent", "agent_id")
_LONGEST_NAME: Final = 200
_NESTED: Final = 2

Reason = Literal["garbage", "ours", "echo", "not_a_question", "empty", "hops", "flood", "busy", "loop", "full"]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A question. `echoed` goes back with the answer, as it came, so that the other side knows whom it is for."""

    text: str
    client_id: str | None = None
    thread: str = ""
    agent: str | None = None
    hops: int = 0
    echoed: dict[str, Any] = field(default_factory=dict)

    def dedupe(self) -> str | None:
        """What a redelivered frame is known by. The text counts: servers that number from one begin anew."""
        if self.client_id is None:
            return None
        return digest(f"{self.client_id}\x00{self.thread}\x00{self.text}")


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A frame that nobody answers."""

    reason: Reason
    frame_id: str | None = None


@dataclass(frozen=True)
class Ping:
    """A sign of life by which some servers want another."""


def read(raw: bytes) -> Heard | Passed | Ping:
    """What a frame says. Never raises: whatever cannot be read is `garbage`."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return Passed(reason="garbage")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _plain(text)
    if isinstance(value, str):
        return _plain(value)
    return _of_object(value) if isinstance(value, dict) else _plain(text)


def digest(text: str) -> str:
    """A text in 64 characters."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def thread_digest(thread: str) -> str:
    """A thread's name, however long and odd, as rows have it; empty for the bridge's own."""
    return digest(thread)[:32] if thread else ""


def answer(
    frame_id: str, *, text: str, agent: str, at: datetime, skeleton: Mapping[str, Any], kind: str = ANSWER
) -> dict[str, Any]:
    """A frame of ours. `skeleton` has what came with the question, and what more is known of the answer."""
    return {
        **skeleton,
        "type": kind,
        "id": frame_id,
        "message": text,
        "agent": agent,
        "timestamp": rfc3339(at),
        "from": OURS,
    }


def skeleton(heard: Heard) -> dict[str, Any]:
    """What an answer to this carries beside its text."""
    told: dict[str, Any] = {**heard.echoed, "hops": heard.hops + 1}
    if heard.client_id is not None:
        told["in_reply_to"] = heard.client_id
    return told


def _plain(text: str) -> Heard | Passed:
    said = _clean(text)
    return Heard(text=said) if said else Passed(reason="empty")


def _of_object(frame: Mapping[str, Any]) -> Heard | Passed | Ping:
    client_id = next((found for name in _IDS if (found := _name(frame.get(name)))), None)
    kind = str(frame.get("type") or frame.get("event") or "").strip().casefold()
    if kind == "ping":
        return Ping()
    if kind == ANSWER or str(frame.get("from")).strip().casefold() == OURS:
        return Passed(reason="ours", frame_id=client_id)
    if kind not in _QUESTIONS:
        return Passed(reason="not_a_question", frame_id=client_id)
    said = _said(frame)
    if said is None:
        return Passed(reason="not_a_question", frame_id=client_id)
    if not said:
        return Passed(reason="empty", frame_id=client_id)
    echoed = {name: frame[name] for name in _THREADS if _name(frame.get(name))}
    return Heard(
        text=said,
        client_id=client_id,
        thread="\x00".join(f"{name}={_name(value)}" for name, value in echoed.items()),
        agent=next((found for name in _AGENTS if (found := _name(frame.get(name)))), None),
        hops=_hops(frame.get("hops")),
        echoed=echoed,
    )


def _said(frame: Mapping[str, Any], depth: int = 0) -> str | None:
    """The text of a frame: under one of the usual names, or within `data`, `payload` or `message`."""
    for name in _TEXTS:
        if isinstance(frame.get(name), str):
            return _clean(frame[name])
    if depth < _NESTED:
        for name in ("data", "payload", "message"):
            inner = frame.get(name)
            if isinstance(inner, str):
                return _clean(inner)
            if isinstance(inner, dict) and (found := _said(inner, depth + 1)) is not None:
                return found
    return None


def _name(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return _clean(text)[:_LONGEST_NAME] or None


def _hops(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _clean(text: str) -> str:
    # JSON can name half a character, and no database keeps one, nor PostgreSQL a NUL.
    return text.encode("utf-8", "replace").decode().replace("\x00", "").strip()
