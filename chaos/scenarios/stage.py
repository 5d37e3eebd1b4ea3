"""What a scenario is played on: a broker, a folder, and where it lives there a Redis that can be killed."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chaos.brokers import opened, prepare
from chaos.ground import Ground
from chaos.server import DURABLE
from folkmoot.kernel import FolkmootError
from folkmoot.messaging import Broker
from tests.redis_server import RedisServer

NAMES: Final = ("poison", "slow", "full", "gone", "large", "broadcast", "backlog", "chats")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was measured, and in words which promises were broken."""

    figures: dict[str, Any]
    broken: list[str]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One scenario's place. `full` asks for the long form; `server` is None on the embedded broker."""

    ground: Ground
    folder: Path
    full: bool
    seed: int
    server: RedisServer | None

    @asynccontextmanager
    async def broker(self, **options: Any) -> AsyncIterator[Broker]:
        """A started broker with these options."""
        async with opened(self.ground, **options) as broker:
            yield broker


class Staff:
    """A directory of agents that are all online."""

    def __init__(self, everybody: Sequence[str]) -> None:
        self._everybody = everybody

    async def fitting(self, _selector: str, *, sender: str | None = None) -> Sequence[str]:  # noqa: ARG002  # all may
        """All of them, whatever is asked for."""
        return self._everybody


def play(name: str, *, broker: str, folder: Path, full: bool, seed: int) -> Outcome | None:
    """Play one scenario on the `embedded` or the `redis` broker."""
    run = importlib.import_module(f"chaos.scenarios.{name}").run
    folder.mkdir(parents=True)
    with _server(broker, folder) as server:
        ground = Ground(folder=folder / "ground", messages=0, redis_url=server.url if server else None)

        async def whole() -> Outcome | None:
            await prepare(ground)
            try:
                outcome: Outcome | None = await run(
                    Stage(ground=ground, folder=folder, full=full, seed=seed, server=server)
                )
            except (AssertionError, TimeoutError, FolkmootError) as error:
                return Outcome(figures={}, broken=[f"{type(error).__name__}: {error}"])
            return outcome

        return asyncio.run(whole())


@contextmanager
def _server(broker: str, folder: Path) -> Iterator[RedisServer | None]:
    if broker == "embedded":
        yield None
        return
    server = RedisServer(folder, options=DURABLE)
    server.start()
    try:
        yield server
    finally:
        server.kill()
