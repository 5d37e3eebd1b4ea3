"""A backtest in a home of its own that lasts as long as it runs: real agents at a real broker, no server, no runs."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from folkmoot.kernel import SystemClock
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.messaging.tables import HandledMessage
from folkmoot.storage import Base, Database
from folkmoot.tasks.backtest import Report, backtest
from folkmoot.tasks.history import read_gold, read_history


async def backtest_jsonl(
    *,
    train: Path,
    test: Path,
    gold: Path,
    person: str,
    text: Sequence[str],
    time: str,
    labels: str | None,
    learn: bool,
    predictions: Path | None,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """Replay the history in these files; write the rankings to `predictions` if that is given.

    Raises `BadHistoryError` that names file, line and field.
    """
    before = await asyncio.to_thread(read_history, train, person=person, text=text, time=time, labels=labels)
    items = await asyncio.to_thread(read_history, test, person=None, text=text, time=time, labels=None)
    doers = await asyncio.to_thread(read_gold, gold, person=person)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="folkmoot-backtest-")))
        database = Database(f"sqlite:///{folder / 'marks.db'}")
        stack.push_async_callback(database.close)
        async with database.engine.begin() as connection:
            await connection.run_sync(
                Base.metadata.create_all, tables=[HandledMessage.metadata.tables[HandledMessage.__tablename__]]
            )
        broker = EmbeddedBroker(journal=folder / "journal.db", clock=clock, inbox=Inbox(database=database, clock=clock))
        await broker.start()
        stack.push_async_callback(broker.stop)
        report = await backtest(before, items, doers, broker=broker, clock=clock, learn=learn, progress=progress)
    if predictions is not None:
        lines = (json.dumps({"id": one.id, "ranking": list(one.ranking)}) for one in report.predictions)
        await asyncio.to_thread(predictions.write_text, "\n".join(lines) + "\n", encoding="utf-8")
    return report
