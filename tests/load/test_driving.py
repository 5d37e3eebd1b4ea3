"""Load is put on a real socket server, and what it does is counted as it is."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from folkmoot.cli.load import Plan, Record, drive, page_of, report_of
from tests.waiting import wait_until

Answering = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


class Rooms:
    """A server of rooms that answers as a test says. `asked` has every frame, by the path of its user."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.url = ""
        self.asked: dict[str, list[dict[str, Any]]] = {}
        self.tokens: set[str | None] = set()

    async def __call__(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        asked = self.asked.setdefault(socket.request.path, [])
        self.tokens.add(socket.request.headers.get("Authorization"))
        await socket.send(json.dumps({"type": "system", "message": "You are connected."}))
        async for text in socket:
            frame = json.loads(text)
            asked.append(frame)
            await self._answering(socket, frame)

    @property
    def count(self) -> int:
        return sum(map(len, self.asked.values()))


@asynccontextmanager
async def rooms(answering: Answering) -> AsyncIterator[Rooms]:
    served = Rooms(answering)
    async with serve(served, "127.0.0.1", 0) as server:
        served.url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield served


async def answer(socket: ServerConnection, frame: dict[str, Any]) -> None:
    """A sign, words, the whole."""
    await socket.send(json.dumps({"type": "typing", "message": ""}))
    await asyncio.sleep(0.02)
    await socket.send(json.dumps({"type": "chunk", "message": "You"}))
    await asyncio.sleep(0.02)
    await socket.send(json.dumps({"type": "message", "message": f"You said {frame['message']}", "metadata": {}}))


def plan(server: Rooms, **changes: Any) -> Plan:
    wanted = {"clients": 1, "duration": 0.5, "pause": 0.05, "timeout": 5.0}
    return Plan(url=server.url, token="a-token", **{**wanted, **changes})


async def test_every_client_is_a_user_and_every_answer_counts_once() -> None:
    async with rooms(answer) as server:
        record = await drive(plan(server, clients=5, agent="helios", messages=("one", "two")))
        assert record.connected == 5
        assert record.sent == record.received == server.count > 20
        assert not record.errors
        assert len(server.asked) == 5
        assert all(path.startswith("/ws/load-") for path in server.asked)
        assert server.tokens == {"Bearer a-token"}
        said = next(iter(server.asked.values()))
        assert [one["message"] for one in said[:3]] == ["one", "two", "one"]
        assert {one["agent"] for one in said} == {"helios"}
        assert all(0.015 < first < whole for first, whole in zip(record.first, record.latency, strict=True))
        assert min(record.latency) > 0.035


async def test_refusals_are_counted_by_their_kind() -> None:
    async def every_second(socket: ServerConnection, frame: dict[str, Any]) -> None:
        if server.count % 2:
            await answer(socket, frame)
        else:
            error = {"type": "error", "message": "the agent is tired", "metadata": {"code": "tired"}}
            await socket.send(json.dumps(error))

    async with rooms(every_second) as server:
        record = await drive(plan(server))
    assert record.sent == server.count
    assert record.errors == {"tired": record.sent - record.received}
    assert record.received == (record.sent + 1) // 2
    assert record.samples["tired"] == "the agent is tired"


async def test_a_slow_server_does_not_hide_how_long_messages_wait() -> None:
    async def slow(socket: ServerConnection, _frame: dict[str, Any]) -> None:
        await asyncio.sleep(0.2)
        await socket.send(json.dumps({"type": "message", "message": "at last"}))

    async with rooms(slow) as server:
        record = await drive(plan(server, rate=20.0, duration=1.0))
    assert record.sent == record.received
    assert record.sent + record.unsent == 20
    assert record.unsent > 10
    assert max(record.latency) > 0.6, "each was due before it could be sent"
    assert list(record.latency) == sorted(record.latency)


async def test_messages_are_due_at_the_rate_whoever_sends_them() -> None:
    async with rooms(answer) as server:
        record = await drive(plan(server, clients=10, rate=40.0, duration=1.0))
    assert (record.sent, record.unsent) == (40, 0)


async def test_whoever_loses_the_line_comes_back_as_somebody_else() -> None:
    async def hang_up_once(socket: ServerConnection, frame: dict[str, Any]) -> None:
        if server.count == 2:
            await socket.close(1011, "a fault")
        else:
            await answer(socket, frame)

    async with rooms(hang_up_once) as server:
        record = await drive(plan(server))
    assert record.errors == {"closed_1011": 1}
    assert len(server.asked) == 2
    assert record.received == record.sent - 1 > 2
    assert record.connected == 1


async def test_an_answer_that_does_not_come_is_an_error_and_a_late_one_is_nobody_s() -> None:
    async def late(socket: ServerConnection, frame: dict[str, Any]) -> None:
        if server.count == 1:
            await asyncio.sleep(1.5)
        await answer(socket, frame)

    async with rooms(late) as server:
        record = await drive(plan(server, duration=2.5, timeout=1))
    assert record.errors == {"no_answer": 1}
    assert record.received == record.sent - 1 > 0
    assert max(record.latency) < 1


async def test_it_ends_when_it_is_told_to() -> None:
    stop, told = asyncio.Event(), []
    async with rooms(answer) as server:
        driving = asyncio.create_task(
            drive(plan(server, duration=60.0), stop=stop, watch=lambda record, now: told.append((record.sent, now)))
        )
        await wait_until(lambda: server.count > 3)
        stop.set()
        record = await asyncio.wait_for(driving, 10)
    assert record.sent == record.received == server.count
    assert 0 < record.elapsed < 10
    assert told


async def test_a_server_that_lets_nobody_in_says_why() -> None:
    record = await drive(Plan(url="http://127.0.0.1:9", token="", clients=3, duration=1.0))
    assert (record.connected, record.sent) == (0, 0)
    assert record.errors == {"connect_failed": 3}


async def test_a_thousand_clients_in_one_process() -> None:
    async def at_once(socket: ServerConnection, _frame: dict[str, Any]) -> None:
        await socket.send('{"type": "message", "message": "yes"}')

    async with rooms(at_once) as server:
        record = await drive(plan(server, clients=1000, duration=5.0, pause=1.0, timeout=30.0))
    assert record.connected == 1000
    assert record.sent == record.received == server.count >= 1000
    assert not record.errors


@pytest.mark.parametrize("filled", [True, False])
async def test_the_page_is_whole_and_loads_nothing(filled: bool) -> None:
    record = Record()
    if filled:
        record.connected, record.sent, record.elapsed = 2, 5, 2.0
        for number in range(4):
            record.answered(0.5 * number, 0.1 + 0.1 * number, 0.05 if number % 2 else None)
        record.failed(1.0, "<odd>", "a <b>fault</b>")
    where = Plan(url="http://user:secret@a.example:8000/x?token=secret", token="secret", clients=2, duration=2.0)
    report = report_of(where, record, started_at=datetime.now(UTC))
    page = page_of(report, record)
    assert page.count("<svg") == (3 if filled else 0)
    assert "secret" not in page + json.dumps(report.as_json())
    assert "<odd>" not in page
    assert "<b>fault" not in page
    assert not any(word in page for word in ("<script", "<link", "src=", "url(", "@import"))
    told = report.as_json()
    if filled:
        assert (told["sent"], told["received"], told["success_rate"], told["errors"]) == (5, 4, 0.8, 1)
        assert told["latency_ms"]["median"] == 250.0
        assert told["latency_ms"]["average"] == 250.0
        assert told["latency_ms"]["p95"] <= told["latency_ms"]["p99"] <= told["latency_ms"]["max"] == 400.0
        assert told["first_token_ms"]["median"] == 50.0
        assert told["messages_per_second"] == 2.0
    else:
        assert told["latency_ms"] is None
        assert told["success_rate"] == 0
