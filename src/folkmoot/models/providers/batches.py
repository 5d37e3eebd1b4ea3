"""Reading a stream of tokens with little work for each: what came together is parsed and handed on together.

A server sends a token an event, a hundred times a second; an SDK builds an object of each and the loop above passes
it through a dozen hands. Here the first token goes on at once. After it the connection is read in larger pieces
(`gathering.py`), and the texts of one piece travel as one event. Every other event, a tool call for instance, goes on
as it came and in its place. What an SDK needs for that is a decoder of this form.
"""

import re
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson

from folkmoot.models.providers.gathering import Gatherer

_TRAILING: Final = 0.5  # seconds for what a server sends after its last event
_DONE: Final = b"[DONE]"
_END_OF_EVENT: Final = re.compile(rb"\r?\n\r?\n")


@dataclass(slots=True)
class Event:
    """A server-sent event, as the SDKs look at it."""

    event: str | None
    raw: bytes
    parsed: Any = None
    id: str | None = None
    retry: int | None = None

    @property
    def data(self) -> str:
        return self.raw.decode("utf-8", "replace")

    def json(self) -> Any:
        return orjson.loads(self.raw) if self.parsed is None else self.parsed


class Family(Protocol):
    """Where the text of an event is in one family's protocol."""

    def text(self, parsed: Any) -> str | None:
        """The text if the event holds nothing else that matters, None for any other event."""
        ...

    def joins(self, first: Any, parsed: Any) -> bool:
        """Whether the text of both is of the same piece of the answer."""
        ...

    def put(self, parsed: Any, text: str) -> None:
        """Make `text` the event's text."""
        ...


class ChatCompletions:
    """OpenAI's, and that of all servers that speak like it."""

    def text(self, parsed: Any) -> str | None:
        match parsed:
            case {"choices": [{"delta": {"content": str(text), **delta}, **choice}], **whole} if text:
                bare = not any(value for name, value in delta.items() if name != "role")
                ended = choice.get("finish_reason") or choice.get("logprobs")
                return text if bare and not ended and not whole.get("usage") and not whole.get("error") else None
            case _:
                return None

    def joins(self, first: Any, parsed: Any) -> bool:
        return bool(first["choices"][0].get("index") == parsed["choices"][0].get("index"))

    def put(self, parsed: Any, text: str) -> None:
        parsed["choices"][0]["delta"]["content"] = text


class Messages:
    """Anthropic's."""

    def text(self, parsed: Any) -> str | None:
        match parsed:
            case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(text)}} if text:
                return text
            case _:
                return None

    def joins(self, first: Any, parsed: Any) -> bool:
        return bool(first.get("index") == parsed.get("index"))

    def put(self, parsed: Any, text: str) -> None:
        parsed["delta"]["text"] = text


class BatchDecoder:
    """The decoder of one stream."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def aiter_bytes(self, iterator: AsyncIterator[bytes]) -> AsyncIterator[Event]:
        """Every event of the stream."""
        return _Events(self._family, iterator)

    def iter_bytes(self, iterator: Iterator[bytes]) -> Iterator[Event]:
        """Every event of a stream that is read by a thread."""
        yield from _joined(self._family, _END_OF_EVENT.split(b"".join(iterator)))


class _Events:
    """The events of one stream. No generator: an SDK leaves it lying when whoever asked goes away."""

    def __init__(self, family: Family, source: AsyncIterator[bytes]) -> None:
        self._family = family
        self._gatherer = Gatherer(source)
        self._rest = b""
        self._ready: deque[Event] = deque()
        self._ended = False

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            piece = await self._gatherer.take()
            *whole, self._rest = _END_OF_EVENT.split(self._rest + (piece or b""))
            if piece is None:
                self._ended, whole = True, [*whole, self._rest]
            self._ready.extend(_joined(self._family, whole))
        event = self._ready.popleft()
        if event.raw == _DONE:
            await self._gatherer.end(_TRAILING)
        self._gatherer.gathering = self._gatherer.gathering or event.parsed is not None
        return event


def _joined(family: Family, blocks: Sequence[bytes]) -> Iterator[Event]:
    """The events of what came in one piece; neighbours that are text alone become one."""
    held: Event | None = None
    texts: list[str] = []
    for block in blocks:
        event = _read(block)
        if event is None:
            continue
        event.parsed, text = _looked_at(family, event)
        if text is not None and held is not None and family.joins(held.parsed, event.parsed):
            texts.append(text)
            continue
        if held is not None:
            yield _whole(family, held, texts)
            held = None
        if text is None:
            event.parsed = None
            yield event
        else:
            held, texts = event, [text]
    if held is not None:
        yield _whole(family, held, texts)


def _looked_at(family: Family, event: Event) -> tuple[Any, str | None]:
    try:
        parsed = orjson.loads(event.raw)
    except orjson.JSONDecodeError:
        return None, None  # `[DONE]`, or what the SDK will complain about
    return parsed, family.text(parsed)


def _whole(family: Family, event: Event, texts: Sequence[str]) -> Event:
    if len(texts) > 1:
        family.put(event.parsed, "".join(texts))
    return event


def _read(block: bytes) -> Event | None:
    name, data = None, []
    for line in block.splitlines():
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return Event(event=name, raw=b"\n".join(data)) if data else None
