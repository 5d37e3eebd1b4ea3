"""What the desk and the ledger add to a tool call, in the same run as what they are compared with.

A read is compared with the bare function; a call that lasts with two transactions, an insert before and an update
after, over the same database layer and over raw SQLite, which is the least that a ledger on disk can cost. A known key
is one that was used before.
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from folkmoot.events import EventLog
from folkmoot.kernel import SystemClock, new_id
from folkmoot.storage import Base, Database
from folkmoot.tools import ToolContext, ToolDesk, ToolRegistry, tool
from folkmoot.tools.ledger import Ledger
from folkmoot.tools.mask import Masker
from folkmoot.tools.seal import Seal
from folkmoot.tools.walls import Unguarded
from folkmoot.user_files import UserFiles

CALLS, ROUNDS = 200, 5
ARGUMENTS = {"to": "ida@brandt.example", "text": "Hello Ida, the offer is ready. " * 10}


@tool(effect="read")
async def look(context: ToolContext, to: str, text: str) -> dict[str, Any]:
    """Look something up, at no cost at all."""
    return {"agent": context.agent_id, "to": to, "length": len(text)}


@tool(effect="external")
async def send(context: ToolContext, to: str, text: str) -> dict[str, Any]:
    """Send something, at no cost at all."""
    return {"key": context.key, "to": to, "length": len(text)}


def run() -> dict[str, Any]:
    """Medians in microseconds a call, and how much dearer each is than what it is compared with."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> dict[str, Any]:
    clock = SystemClock()
    database = Database(f"sqlite:///{folder / 'bench.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    registry, files = ToolRegistry(), UserFiles(folder / "users")
    registry.add(look, send)
    ledger = Ledger(
        database=database,
        clock=clock,
        events=EventLog(database=database, clock=clock),
        masker=Masker(),
        seal=Seal(folder / "key"),
        process="bench",
    )
    desk = ToolDesk(registry=registry, ledger=ledger, walls=Unguarded(), files=files, clock=clock)
    context = ToolContext(
        agent_id="a", user_id="u", conversation_id=None, call_id="c", key="k", clock=clock, files=files.area("u")
    )

    async def called(name: str, key: str | None = None) -> None:
        outcome = await desk.call(name, ARGUMENTS, agent_id="a", user_id="u", key=key)
        assert outcome.succeeded, outcome

    async def bare() -> None:
        await look.act(context, **ARGUMENTS)

    async def two_transactions() -> None:
        name = new_id()
        async with database.write() as session:
            await session.execute(text("INSERT INTO raw VALUES (:name, :text)"), {"name": name, **ARGUMENTS})
        async with database.write() as session:
            await session.execute(text("UPDATE raw SET text = '' WHERE name = :name"), {"name": name})

    async with database.write() as session:
        await session.execute(text("CREATE TABLE raw (name TEXT PRIMARY KEY, text TEXT)"))
    raw = await asyncio.to_thread(_raw, folder / "raw.db")
    await called("send", "known")
    figures = {
        "bare_us": await _median(bare),
        "read_us": await _median(lambda: called("look")),
        "lasting_us": await _median(lambda: called("send", new_id())),
        "known_key_us": await _median(lambda: called("send", "known")),
        "two_transactions_us": await _median(two_transactions),
        "raw_two_transactions_us": raw,
    }
    await desk.stop()
    await database.close()
    return {
        "calls": CALLS * ROUNDS,
        **figures,
        "read_added_us": figures["read_us"] - figures["bare_us"],
        "read_ratio_to_bare": figures["read_us"] / figures["bare_us"],
        "lasting_ratio_to_raw_sqlite": figures["lasting_us"] / raw,
        "lasting_ratio_to_two_transactions": figures["lasting_us"] / figures["two_transactions_us"],
        "known_key_ratio_to_two_transactions": figures["known_key_us"] / figures["two_transactions_us"],
    }


async def _median(call: Callable[[], Awaitable[None]]) -> float:
    """Microseconds a call."""
    await call()
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(CALLS):
            await call()
        rounds.append((time.perf_counter() - started) / CALLS)
    return statistics.median(rounds) * 1e6


def _raw(path: Path) -> float:
    """Microseconds for an insert and an update, each committed, with the same settings of SQLite."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE calls (id TEXT PRIMARY KEY, key TEXT UNIQUE, status TEXT, text TEXT, result TEXT)")
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(CALLS):
            name = new_id()
            values = (name, name, "started", ARGUMENTS["text"])
            connection.execute("INSERT INTO calls (id, key, status, text) VALUES (?, ?, ?, ?)", values)
            connection.execute("UPDATE calls SET status = 'succeeded', result = '{}' WHERE id = ?", (name,))
        rounds.append((time.perf_counter() - started) / CALLS)
    connection.close()
    return statistics.median(rounds) * 1e6
