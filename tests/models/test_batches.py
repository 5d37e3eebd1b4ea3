"""Reading a stream in batches: nothing is lost, doubled or moved, however the bytes are cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkmoot.models.providers.batches import BatchDecoder, ChatCompletions, Event, Family, Messages
from folkmoot.models.providers.gathering import Gatherer
from tests.waiting import wait_until


def chat(content: str | None = None, *, index: int = 0, finish: str | None = None, **delta: Any) -> bytes:
    given = {**delta, **({} if content is None else {"content": content})}
    choice = {"index": index, "delta": given, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c", "choices": [choice]}).encode() + b"\n\n"


def block(text: str, index: int = 0) -> bytes:
    data = {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}
    return b"event: content_block_delta\ndata: " + json.dumps(data).encode() + b"\n\n"


async def decoded(pieces: list[bytes], family: Family | None = None) -> list[Event]:
    async def source() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return [event async for event in BatchDecoder(family or ChatCompletions()).aiter_bytes(source())]


def content(event: Event) -> str | None:
    if event.raw == b"[DONE]":
        return None
    found: str | None = event.json()["choices"][0]["delta"].get("content")
    return found


async def test_texts_of_one_reading_travel_as_one_event() -> None:
    events = await decoded([chat("one ") + chat("two ") + chat("three") + b"data: [DONE]\n\n"])
    assert [content(one) for one in events] == ["one two three", None]


async def test_what_is_no_text_stays_as_it_is_and_in_its_place() -> None:
    call = chat(tool_calls=[{"index": 0, "id": "x", "function": {"name": "f", "arguments": "{"}}])
    both = chat("text", tool_calls=[{"index": 0, "function": {"arguments": "}"}}])
    thought = chat(reasoning_content="hm")
    end = chat("", finish="stop")
    events = await decoded([chat("a") + chat("b") + call + both + thought + chat("c") + chat("d") + end])
    assert [content(one) for one in events] == ["ab", None, "text", None, "cd", ""]
    assert events[1].json()["choices"][0]["delta"]["tool_calls"][0]["id"] == "x"
    assert events[5].json()["choices"][0]["finish_reason"] == "stop"


async def test_choices_are_not_mixed_up() -> None:
    events = await decoded([chat("a") + chat("b", index=1) + chat("c", index=1) + chat("d")])
    assert [content(one) for one in events] == ["a", "bc", "d"]


@pytest.mark.parametrize(
    "data", [b"[1, 2]", b"not json", b'{"choices": []}', b'{"error": {"message": "no"}}', b'"x"', b"{}"]
)
async def test_what_cannot_be_read_is_left_to_the_sdk(data: bytes) -> None:
    events = await decoded([chat("a") + b"data: " + data + b"\n\n" + chat("b")])
    assert [one.raw for one in events][1] == data
    assert [content(one) for one in (events[0], events[2])] == ["a", "b"]


async def test_comments_names_and_lines_of_several_kinds_are_understood() -> None:
    wire = b": waiting\r\n\r\nevent: x\r\ndata: {\r\ndata: }\r\nid: 7\r\n\r\n" + chat("a")[:-1]
    events = await decoded([wire])
    assert (events[0].event, events[0].data) == ("x", "{\n}")
    assert content(events[1]) == "a"  # the last one, though its empty line is missing


async def test_blocks_of_anthropic_are_joined_within_one_block_alone() -> None:
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    events = await decoded([block("a") + block("b") + ping + block("c") + block("d", index=1)], Messages())
    texts = [one.json().get("delta", {}).get("text") for one in events]
    assert texts == ["ab", None, "c", "d"]
    assert [one.event for one in events] == [
        "content_block_delta",
        "ping",
        "content_block_delta",
        "content_block_delta",
    ]


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=12),
    cuts=st.lists(st.integers(min_value=1, max_value=80), min_size=1, max_size=30),
)
def test_however_the_bytes_are_cut_the_text_is_the_same(texts: list[str], cuts: list[int]) -> None:
    wire = b"".join(chat(text) for text in texts) + b"data: [DONE]\n\n"
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(wire[at : at + cut])
        at += cut
    pieces.append(wire[at:])
    # Gathering waits for nothing here: the source never makes anybody wait.
    events = asyncio.run(decoded([piece for piece in pieces if piece]))
    assert "".join(content(one) or "" for one in events) == "".join(texts)
    assert events[-1].raw == b"[DONE]"
    assert len(events) <= len(texts) + 1


class Source:
    """A connection: each item comes when it is let go."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()

    def __aiter__(self) -> "Source":
        return self

    async def __anext__(self) -> bytes:
        item = await self.queue.get()
        if item is None:
            raise StopAsyncIteration
        if isinstance(item, Exception):
            raise item
        return item


async def test_before_gathering_each_piece_comes_at_once_and_then_they_come_together() -> None:
    source = Source()
    gatherer = Gatherer(source)
    source.queue.put_nowait(b"a")
    assert await gatherer.take() == b"a"
    gatherer.gathering = True
    for letter in (b"b", b"c", b"d"):
        source.queue.put_nowait(letter)
    assert await gatherer.take() == b"bcd"
    source.queue.put_nowait(None)
    assert await gatherer.take() is None
    assert await gatherer.take() is None


async def test_what_came_before_a_fault_is_handed_on_first() -> None:
    source = Source()
    gatherer = Gatherer(source)
    source.queue.put_nowait(b"a")
    source.queue.put_nowait(ConnectionError("gone"))
    assert await gatherer.take() == b"a"
    with pytest.raises(ConnectionError, match="gone"):
        await gatherer.take()


async def test_its_reader_ends_with_the_connection() -> None:
    before = asyncio.all_tasks()
    source = Source()
    gatherer = Gatherer(source)
    taking = asyncio.ensure_future(gatherer.take())
    await asyncio.sleep(0)
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    source.queue.put_nowait(ConnectionError("closed by whoever opened it"))
    await wait_until(lambda: asyncio.all_tasks() == before)


async def test_a_silent_end_is_not_waited_for_for_ever() -> None:
    source = Source()
    gatherer = Gatherer(source)
    taking = asyncio.ensure_future(gatherer.take())
    await asyncio.sleep(0)
    await gatherer.end(0.01)
    assert not taking.done()
    source.queue.put_nowait(None)
    assert await taking is None
