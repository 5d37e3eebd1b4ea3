"""Asking Redis without waiting for one another: commands of many tasks on one connection, answers in their order.

The client library's own pipelines wait for the answers of one caller before the next may write. Here whatever is asked
goes out at once. What meets a broken connection is asked again on a new one, so it must be safe to repeat.
"""

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final

import hiredis
from redis import exceptions as fault
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection

from folkmoot.link.errors import LinkDownError
from folkmoot.link.link import GONE, Link
from folkmoot.telemetry import get_logger

Command = Sequence[str | bytes | int | float]
_FIRST_WAIT: Final = 0.02
_LONGEST_WAIT: Final = 1.0
_log = get_logger("folkmoot.link")


class Pipe:
    """One connection, made when first needed and again whenever it breaks."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._connection: AbstractConnection | None = None
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._reading: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._random = Random()
        self._closed = False
        self._cluster: RedisCluster | None = None

    @property
    def closed(self) -> bool:
        """Whether it was closed for good."""
        return self._closed

    async def ask(self, commands: Sequence[Command], *, patience: float | None = None) -> list[Any]:
        """The answers of `commands`; one that Redis refused is a `RedisError` in its place.

        For `patience` seconds (the link's, if not given) it is tried again while Redis cannot be reached; then
        `LinkDownError`: what was asked may or may not have happened.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (self._link.patience if patience is None else patience)
        wait = _FIRST_WAIT
        while True:
            try:
                with self._link.faults():
                    answers = await self._ask(commands)
            except LinkDownError:
                if self._closed or loop.time() + wait >= deadline:
                    raise
            else:
                return answers
            await asyncio.sleep(wait * (0.5 + self._random.random()))
            wait = min(wait * 2, _LONGEST_WAIT)

    async def one(self, *command: str | bytes | float, patience: float | None = None) -> Any:
        """The answer of one command; raises `LinkDownError` also where Redis refused it."""
        (answer,) = await self.ask([command], patience=patience)
        if isinstance(answer, Exception):
            with self._link.faults():
                raise answer
        return answer

    async def close(self) -> None:
        """Close the connection; whoever waits gets `LinkDownError`, and so does who asks from now on."""
        self._closed = True
        self._drop(fault.ConnectionError("the connection was closed here"))
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            await cluster.aclose()
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _ask(self, commands: Sequence[Command]) -> list[Any]:
        if self._link.cluster:
            return await self._ask_cluster(commands)
        connection = self._connection
        if connection is None:
            connection = await self._connect()
        loop = asyncio.get_running_loop()
        mine: list[asyncio.Future[Any]] = [loop.create_future() for _ in commands]
        # Nothing may come between these two lines: answers are told apart by their order alone.
        self._waiting.extend(mine)
        writing = connection.send_packed_command(_packed(commands), check_health=False)
        try:
            async with asyncio.timeout(self._link.patience):
                await writing
                answers = [await one for one in mine]
        except TimeoutError as error:
            self._drop(error, connection)
            raise fault.TimeoutError(f"no answer within {self._link.patience:g} s") from error
        except (fault.ConnectionError, OSError) as error:
            self._drop(error, connection)
            raise
        finally:
            for one in mine:
                if one.done() and not one.cancelled():
                    one.exception()  # a fault that nobody awaited is not worth the loop's complaint
        passing = next((one for one in answers if isinstance(one, GONE)), None)
        if passing is not None:
            # A replica that was the primary before, or a server that still reads its files: ask who is by now.
            self._drop(passing, connection)
            raise passing
        return answers

    async def _ask_cluster(self, commands: Sequence[Command]) -> list[Any]:
        async def ask(command: Command) -> Any:
            try:
                return await cluster.execute_command(*command)
            except fault.ResponseError as error:
                if isinstance(error, GONE):
                    raise
                return error

        if self._closed:
            raise fault.ConnectionError("the connection was closed here")
        if self._cluster is None:
            self._cluster = self._link.plain_cluster()
        cluster = self._cluster
        return list(await asyncio.gather(*(ask(command) for command in commands)))

    async def _connect(self) -> AbstractConnection:
        async with self._connecting:
            if self._closed:
                raise fault.ConnectionError("the connection was closed here")
            if self._connection is None:
                assert isinstance(self._link.client, Redis)
                # Its time limit would be for each read; here it is for each question.
                made = self._link.client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # the library's own
                made.socket_timeout = None
                try:
                    async with asyncio.timeout(self._link.patience):
                        await made.connect()
                except BaseException:
                    _hang_up(made)  # it may be half made, and nobody has it
                    raise
                self._reading = asyncio.create_task(self._read(made), name="folkmoot-link")
                self._connection = made
            return self._connection

    async def _read(self, connection: AbstractConnection) -> None:
        waiting = self._waiting
        while True:
            try:
                answer = await connection.read_response(timeout=math.inf, disconnect_on_error=False)
            except fault.ResponseError as error:
                answer = error
            except (fault.ConnectionError, OSError) as error:
                self._drop(error, connection)
                return
            except asyncio.CancelledError:
                # The program's event loop ends: whoever asks now, to end in order, needs somebody who reads.
                self._drop(fault.ConnectionError("the connection was cut off here"), connection)
                raise
            one = waiting.popleft()
            if not one.done():
                one.set_result(answer)

    def _drop(self, error: Exception, connection: AbstractConnection | None = None) -> None:
        """Give up the connection; with `connection`, only if it is still the present one."""
        if connection is not None and connection is not self._connection:
            return
        dropped, self._connection = self._connection, None
        if dropped is not None:
            _hang_up(dropped)
        waiting = list(self._waiting)
        self._waiting.clear()
        for one in waiting:
            if not one.done():
                one.set_exception(fault.ConnectionError(str(error) or type(error).__name__))


def _hang_up(connection: AbstractConnection) -> None:
    with suppress(Exception):
        connection._close()  # type: ignore[no-untyped-call]  # noqa: SLF001  # its polite way waits for a server that may be gone


def _packed(commands: Sequence[Command]) -> list[bytes]:
    # The client library packs in Python, which was the half of what a message cost; its parser's own packing is in C.
    return [hiredis.pack_command(tuple[Any, ...](command)) for command in commands]
