"""What a tab of a room sends, and how far it has heard: read and checked. Nothing is sent or kept here."""

from typing import Any, Final, Self

import orjson

from folkmoot.conversations import Mark, Saying, Speaker
from folkmoot.conversations.errors import BadSayingError

BAD_REQUEST: Final = 4400
NOT_YOURS: Final = 4404
TOO_SLOW: Final = 4408
FLOOD: Final = 4429


class Closing(Exception):  # noqa: N818  # no error: an end
    """The line is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Seen:
    """How far a tab has heard: what became visible up to `seq`, and of one answer that is being made up to `mark`."""

    def __init__(self, seq: int | None = None, answer_id: str = "", mark: Mark | None = None) -> None:
        self.seq = seq
        self.answer_id = answer_id
        self.mark = mark or Mark()

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """`17`, or `17~<answer>:<mark>`; raises `BadSayingError`."""
        if text is None:
            return cls()
        seq, _, rest = text.partition("~")
        answer_id, _, mark = rest.rpartition(":")
        if not (seq.isdecimal() and len(seq) <= 18 and bool(rest) == bool(answer_id)):  # noqa: PLR2004  # fits 64 bits
            raise BadSayingError(
                f"{text[:60]!r} is no id of a frame; send the last `id` you had", field="last_event_id"
            )
        return cls(int(seq), answer_id, Mark.parse(mark) if rest else None)


def understood(text: str) -> dict[str, Any]:
    """A frame of JSON, or a plain line as the message that it is. Raises `BadSayingError`."""
    if text.lstrip()[:1] not in ("{", "["):
        return {"type": "message", "message": text}
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadSayingError(f"the frame is no JSON ({error}); send plain text, or JSON") from error
    if not isinstance(frame, dict):
        raise BadSayingError('a frame is an object, such as {"type": "message", "message": "Hello"}')
    return frame


def said_in(frame: dict[str, Any], *, who: Speaker, goes_on: str | None) -> Saying:
    """What a frame says, in the conversation that it names or in the one that goes on. Raises `BadSayingError`."""
    said = frame.get("message", frame.get("content"))
    named = {"conversation_id": frame.get("conversation_id"), "agent": frame.get("agent")}
    key = frame.get("id", frame.get("client_id"))
    if not isinstance(said, str):
        raise BadSayingError("'message' is missing: the text of what is said", field="message")
    for name, value in named.items():
        if value is not None and not isinstance(value, str):
            raise BadSayingError(f"'{name}' must be text", field=name)
    if key is not None and not isinstance(key, str | int):
        raise BadSayingError("'id' must be text or a number", field="id")
    return Saying(
        speaker=who,
        text=said,
        conversation_id=named["conversation_id"] or goes_on,
        agent=named["agent"] or None,
        kind="room",
        client_key=str(key) if key is not None else None,
    )
