"""How much of a raw SQLite writer's speed is left when messages are sent, handled and answered durably.

The peer (`RawWriter`) is the least that keeps the same promise to a sender: one thread, group commit, one row with the
message as JSON and one row for its end, futures resolved once per commit; no mailboxes, order, retries, priorities.
Another peer is a bare `asyncio.Queue`, which keeps nothing. Rounds alternate, so that a busy machine is busy for all,
and medians are compared; `python benchmarks/messaging.py` prints the result as JSON.
"""

import asyncio
import json
import queue
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery, MessagePayload
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database

SENDERS = 100
ONE_WAY = 20_000
ASKED = 8_000
ROUNDS = 5
BACKLOG = 100_000
PROBES = 4_000
PATIENCE = timedelta(seconds=60)
TEXT = "x" * 192  # makes a message of about 500 bytes


def messages(count: int, recipient: str) -> list[AgentMessage]:
    """Fresh messages of about 500 bytes from `SENDERS` senders, each in its sender's conversation."""
    return [
        AgentMessage(
            sender_id=f"sender-{number % SENDERS}",
            recipient_id=recipient,
            conversation_id=f"conversation-{number % SENDERS}",
            intent="chat",
            payload=MessagePayload(data={"text": TEXT}),
        )
        for number in range(count)
    ]


class RawWriter:
    """Group commit with nothing around it. A row is `(kind, id, body)`: a message, or the end of one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[tuple[str, str, bytes | None, asyncio.Future[None] | None] | None] = (
            queue.SimpleQueue()
        )
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def put(self, kind: str, message_id: str, body: bytes | None) -> asyncio.Future[None]:
        """Resolved when the row is committed."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((kind, message_id, body, done))
        return done

    async def stop(self) -> None:
        """Write the rest and close."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-32000")
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.execute("CREATE TABLE sent (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL)")
        connection.execute("CREATE TABLE ended (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, body BLOB)")
        ending = False
        while not ending:
            rows = [self._queue.get()]
            while len(rows) < 4096:
                try:
                    rows.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            ending = rows[-1] is None
            batch = [row for row in rows if row is not None]
            if not batch:
                continue
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO sent (id, body) VALUES (?, ?)", [(row[1], row[2]) for row in batch if row[0] == "sent"]
            )
            connection.executemany(
                "INSERT INTO ended (id, body) VALUES (?, ?)", [(row[1], row[2]) for row in batch if row[0] == "ended"]
            )
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_resolve, [row[3] for row in batch if row[3] is not None])
        connection.close()


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


async def spread(
    items: list[AgentMessage], act: Callable[[AgentMessage], Awaitable[object]], *, senders: int = SENDERS
) -> float:
    """Seconds for `act` on every item, by so many senders, each one after another."""

    async def send(part: list[AgentMessage]) -> None:
        for item in part:
            await act(item)

    began = time.perf_counter()
    await asyncio.gather(*(send(items[number::senders]) for number in range(senders)))
    return time.perf_counter() - began


async def raw_one_way(folder: Path) -> float:
    """Messages a second: committed, acknowledged to the sender, and their ends committed."""
    writer = RawWriter(folder / "raw.db")
    items = messages(ONE_WAY, "agent")
    ends: list[asyncio.Future[None]] = []

    async def send(item: AgentMessage) -> None:
        await writer.put("sent", item.message_id, item.to_bytes())
        ends.append(writer.put("ended", item.message_id, None))

    began = time.perf_counter()
    await spread(items, send)
    await asyncio.gather(*ends)
    seconds = time.perf_counter() - began
    await writer.stop()
    return ONE_WAY / seconds


async def raw_ask(folder: Path) -> float:
    """Round trips a second: the question committed, then the answer committed, then the asker has it."""
    writer = RawWriter(folder / "raw.db")
    answer = messages(1, "agent")[0].answer({"ok": True}).to_bytes()

    async def ask(item: AgentMessage) -> None:
        await writer.put("sent", item.message_id, item.to_bytes())
        await writer.put("ended", item.message_id, answer)

    seconds = await spread(messages(ASKED, "agent"), ask)
    await writer.stop()
    return ASKED / seconds


async def raw_ask_with_envelopes(folder: Path) -> float:
    """The same, with what an envelope costs: the question is decoded, the answer made, encoded and decoded."""
    writer = RawWriter(folder / "raw.db")
    answer = messages(1, "agent")[0].answer({"ok": True})

    async def ask(item: AgentMessage) -> None:
        body = item.to_bytes()
        await writer.put("sent", item.message_id, body)
        AgentMessage.model_validate_json(body)
        reply = answer.to_bytes()
        await writer.put("ended", item.message_id, reply)
        AgentMessage.model_validate_json(reply)

    seconds = await spread(messages(ASKED, "agent"), ask)
    await writer.stop()
    return ASKED / seconds


async def queue_one_way(_folder: Path) -> float:
    """Messages a second through an `asyncio.Queue`, kept nowhere, encoded and decoded as between processes."""
    mailbox: asyncio.Queue[bytes] = asyncio.Queue()

    async def handle() -> None:
        for _ in range(ONE_WAY):
            AgentMessage.model_validate_json(await mailbox.get())

    async def send(item: AgentMessage) -> None:
        await mailbox.put(item.to_bytes())

    items = messages(ONE_WAY, "agent")
    began = time.perf_counter()
    handling = asyncio.create_task(handle())
    await spread(items, send)
    await handling
    return ONE_WAY / (time.perf_counter() - began)


async def queue_ask(_folder: Path) -> float:
    """Round trips a second through an `asyncio.Queue` and a future."""
    mailbox: asyncio.Queue[tuple[bytes, asyncio.Future[bytes]]] = asyncio.Queue()

    async def handle() -> None:
        for _ in range(ASKED):
            body, answer = await mailbox.get()
            answer.set_result(AgentMessage.model_validate_json(body).answer({"ok": True}).to_bytes())

    async def ask(item: AgentMessage) -> None:
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        await mailbox.put((item.to_bytes(), answer))
        AgentMessage.model_validate_json(await answer)

    handling = asyncio.create_task(handle())
    seconds = await spread(messages(ASKED, "agent"), ask)
    await handling
    return ASKED / seconds


async def opened(folder: Path) -> EmbeddedBroker:
    """A started broker with a fresh journal."""
    clock = SystemClock()
    inbox = Inbox(database=Database(f"sqlite:///{folder / 'rows.db'}"), clock=clock)
    broker = EmbeddedBroker(journal=folder / "journal.db", clock=clock, inbox=inbox)
    await broker.start()
    return broker


async def broker_one_way(folder: Path) -> float:
    """Messages a second: accepted, delivered, handled, and their ends committed."""
    broker = await opened(folder)

    async def handle(_delivery: Delivery) -> None:
        return None

    await broker.subscribe("agent", handle)
    items = messages(ONE_WAY, "agent")
    began = time.perf_counter()
    await spread(items, broker.publish)
    # The ends are written in order: once the last are known, all are.
    await asyncio.gather(*(broker.request(item, timeout=PATIENCE) for item in items[-SENDERS:]))
    seconds = time.perf_counter() - began
    await broker.stop()
    return ONE_WAY / seconds


async def broker_ask(folder: Path) -> float:
    """Round trips a second by `request`."""
    broker = await opened(folder)

    async def handle(_delivery: Delivery) -> dict[str, Any]:
        return {"ok": True}

    await broker.subscribe("agent", handle, concurrency=SENDERS)
    seconds = await spread(messages(ASKED, "agent"), lambda item: broker.request(item, timeout=PATIENCE))
    await broker.stop()
    return ASKED / seconds


async def send_cost(folder: Path) -> dict[str, float]:
    """What a send costs into a mailbox that holds `BACKLOG` messages, as a multiple of one into an empty one."""
    broker = await opened(folder)
    await spread(messages(BACKLOG, "busy"), broker.publish)
    empty, full = [], []
    for number in range(10):
        full.append(await spread(messages(PROBES // 10, "busy"), broker.publish))
        empty.append(await spread(messages(PROBES // 10, f"idle-{number}"), broker.publish))
    await broker.stop()
    return {
        "into_empty_us": statistics.median(empty) / (PROBES // 10) * 1e6,
        "into_100k_us": statistics.median(full) / (PROBES // 10) * 1e6,
        "ratio": statistics.median(full) / statistics.median(empty),
    }


async def run() -> dict[str, Any]:
    """All figures of one run: rates per second, and the broker's shares of its peers' rates."""
    contestants: dict[str, Callable[[Path], Awaitable[float]]] = {
        "one_way_broker": broker_one_way,
        "one_way_raw_sqlite": raw_one_way,
        "one_way_asyncio_queue": queue_one_way,
        "ask_broker": broker_ask,
        "ask_raw_sqlite": raw_ask,
        "ask_raw_sqlite_with_envelopes": raw_ask_with_envelopes,
        "ask_asyncio_queue": queue_ask,
    }
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            with tempfile.TemporaryDirectory() as folder:
                rates[name].append(await contestant(Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        cost = await send_cost(Path(folder))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "message_bytes": len(messages(1, "agent")[0].to_bytes()),
        "per_second": {name: round(rate) for name, rate in medians.items()},
        "one_way_of_raw_sqlite": round(medians["one_way_broker"] / medians["one_way_raw_sqlite"], 3),
        "one_way_of_asyncio_queue": round(medians["one_way_broker"] / medians["one_way_asyncio_queue"], 3),
        "ask_of_raw_sqlite": round(medians["ask_broker"] / medians["ask_raw_sqlite"], 3),
        "ask_of_raw_sqlite_with_envelopes": round(medians["ask_broker"] / medians["ask_raw_sqlite_with_envelopes"], 3),
        "ask_of_asyncio_queue": round(medians["ask_broker"] / medians["ask_asyncio_queue"], 3),
        "send_into_100k": {name: round(value, 3) for name, value in cost.items()},
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run()), indent=2))
