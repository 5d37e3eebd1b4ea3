"""A process that tests kill: it runs errands of five steps and writes down each step that it really does.

`python program.py URL FOLDER [--launch N] [--presence] [--seconds S]`; each executed step appends a line
`run step pid` to `FOLDER/steps`. Prints `ready` when started.
"""

import argparse
import asyncio
import os
from datetime import timedelta
from pathlib import Path

from folkmoot.kernel import SystemClock
from folkmoot.runs import ExecutorPresence, Run, RunEngine, Step
from folkmoot.storage import Base, Database

STEPS = ["first", "second", "left", "right", "last"]
HEARTBEAT = timedelta(seconds=1)


class Errands:
    """The registered function and its notebook. `pause`: how long each step takes."""

    def __init__(self, folder: Path, pause: float) -> None:
        self.notebook = folder / "steps"
        self.pause = pause

    async def note(self, run_id: str, step: str) -> str:
        await asyncio.sleep(self.pause)
        line = f"{run_id} {step} {os.getpid()}\n".encode()
        with self.notebook.open("ab", buffering=0) as notebook:
            notebook.write(line)
        return f"{run_id}:{step}"

    async def run(self, run: Run, input: int) -> list[str]:  # noqa: A002  # the engine's word for it
        answers = [await run.step(step, self.note, run.id, step) for step in STEPS[:2]]
        answers += await run.gather(*(Step(step, self.note, (run.id, step)) for step in STEPS[2:4]))
        await run.sleep(timedelta(milliseconds=10 * input))
        return [*answers, await run.step(STEPS[4], self.note, run.id, STEPS[4])]

    def noted(self) -> list[tuple[str, str, int]]:
        """What was done: run, step, process."""
        if not self.notebook.exists():
            return []
        lines = (line.split() for line in self.notebook.read_text().splitlines())
        return [(run_id, step, int(pid)) for run_id, step, pid in lines]


async def open_engine(
    url: str, folder: Path, *, pause: float, with_presence: bool
) -> tuple[RunEngine, Errands, Database | None]:
    """An engine with the errands registered, not started."""
    database = Database(url) if with_presence else None
    presence = ExecutorPresence(database=database, clock=SystemClock(), heartbeat=HEARTBEAT) if database else None
    if database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
    engine = RunEngine(url=url, clock=SystemClock(), presence=presence, polling=timedelta(milliseconds=20))
    errands = Errands(folder, pause)
    engine.register("errands", errands.run)
    return engine, errands, database


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--launch", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.1)
    parser.add_argument("--presence", action="store_true")
    options = parser.parse_args()
    engine, _, _ = await open_engine(options.url, options.folder, pause=options.pause, with_presence=options.presence)
    await engine.start()
    print("ready", flush=True)
    for number in range(options.launch):
        await engine.launch("errands", f"run-{number}", number)
    print("launched", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        await engine.stop()


if __name__ == "__main__":
    asyncio.run(main())
