"""The clients: each is a user of its own on a socket of its own, and has at most one message under way.

A server's refusals are answers like others: they are counted by their kind, and never hidden by trying again. Whoever
loses the line, or waited in vain, comes back as another user, so that no late answer is taken for the next one's.
"""

import asyncio
import math
import random
import ssl
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from urllib.parse import quote

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from folkmoot.cli.load.plan import Plan
from folkmoot.cli.load.record import Record
from folkmoot.kernel import new_id

_CONNECTING: Final = 64  # at a time: a server is to be loaded by messages, not by a rush at its door
_OPEN_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 0.5
_REFUSED_SECONDS: Final = 1.0
_WATCH_SECONDS: Final = 0.25


async def drive(
    plan: Plan, *, stop: asyncio.Event | None = None, watch: Callable[[Record, float], None] | None = None
) -> Record:
    """Put the load on and return what was measured; `stop` ends it early. `watch` is told of it as it goes on.

    What goes wrong is in the record; a server that takes no client at all leaves `connected` at 0.
    """
    record, run = Record(), new_id()[:8]
    schedule = Schedule(plan)
    clients = [_Client(plan, record, schedule, name=f"load-{run}-{number}") for number in range(plan.clients)]
    door = asyncio.Semaphore(_CONNECTING)
    ended = stop or asyncio.Event()
    opening = [asyncio.create_task(client.open(door)) for client in clients]
    await _first(asyncio.gather(*opening), ended)
    schedule.begin()
    running = [(client, asyncio.create_task(client.run())) for client in clients if client.is_open]
    tasks = [task for _, task in running]
    if not tasks:
        return record
    watching = asyncio.create_task(_watch(record, schedule, watch)) if watch else None
    try:
        await _first(asyncio.wait(tasks), ended, timeout=plan.duration)
        schedule.end()
        record.sending = schedule.now()
        for client, task in running:
            if not client.waiting:
                task.cancel()
        _, late = await asyncio.wait(tasks, timeout=plan.timeout)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        record.elapsed = max(record.done_at[-1] if record.received else 0.0, record.sending)
        record.unsent = schedule.unsent()
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)
    return record


class Schedule:
    """When messages are due, in seconds since the beginning."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._began = time.perf_counter()
        self._until = plan.duration
        self._taken = count()
        self._sent = 0

    def begin(self) -> None:
        self._began = time.perf_counter()

    def end(self) -> None:
        """Nothing is due from now on."""
        self._until = min(self._until, self.now())

    def now(self) -> float:
        return time.perf_counter() - self._began

    def unsent(self) -> int:
        """How many messages were due that no client was free to send."""
        rate = self._plan.rate
        return 0 if rate is None else max(math.ceil(rate * self._until) - self._sent, 0)

    async def next_due(self, turn: int) -> float | None:
        """Wait until the caller's next message is due and say when that was; None: there is none any more."""
        if self._plan.rate is None:
            # Not all at once at the beginning, and then as people do.
            due = self.now() + self._plan.pause * (1.0 if turn else random.random())
        else:
            due = next(self._taken) / self._plan.rate
        if due >= self._until:
            return None
        await asyncio.sleep(max(due - self.now(), 0))
        if self.now() >= self._until:
            return None
        self._sent += 1
        return due


class _Client:
    """One user. `waiting`: a message of theirs is under way."""

    def __init__(self, plan: Plan, record: Record, schedule: Schedule, *, name: str) -> None:
        self._plan = plan
        self._record = record
        self._schedule = schedule
        self._name = name
        self._lives = 0
        self._turn = 0
        self._socket: ClientConnection | None = None
        self.waiting = False

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    async def open(self, door: asyncio.Semaphore | None = None) -> None:
        """Enter the room of a user that nobody was before; what fails is in the record."""
        self._lives += 1
        where = f"{self._plan.socket_url}{quote(f'{self._name}-{self._lives}')}"
        headers = {"Authorization": f"Bearer {self._plan.token}"} if self._plan.token else None
        try:
            async with door or asyncio.Semaphore():
                self._socket = await connect(
                    where,
                    additional_headers=headers,
                    open_timeout=_OPEN_SECONDS,
                    ping_interval=None,  # an answer that does not come is noticed anyway
                    compression=None,
                    max_size=16 * 1024 * 1024,
                    proxy=None,
                    ssl=_tls(self._plan),
                )
        except (OSError, TimeoutError, WebSocketException) as error:
            self._fail(_why(error), str(error) or type(error).__name__)
            return
        self._record.connected += self._lives == 1

    async def run(self) -> None:
        """Send what is due, one after another, to the end."""
        while (due := await self._schedule.next_due(self._turn)) is not None:
            self._turn += 1
            if self._socket is None:
                await self.open()
            if self._socket is None:
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            self.waiting = True
            try:
                kind = await self._say(self._socket, due)
            finally:
                self.waiting = False
            if kind == "rate_limited" and self._plan.rate is None:
                await asyncio.sleep(_REFUSED_SECONDS)

    async def close(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            async with asyncio.timeout(5):
                await socket.close()

    async def _say(self, socket: ClientConnection, due: float) -> str | None:
        """Say something and hear the answer; the kind of error if there was one."""
        plan = self._plan
        frame = {"type": "message", "message": plan.messages[(self._turn - 1) % len(plan.messages)]}
        if plan.agent:
            frame["agent"] = plan.agent
        try:
            async with asyncio.timeout(plan.timeout):
                self._record.sent += 1
                await socket.send(orjson.dumps(frame).decode())
                return await self._heard(socket, due)
        except TimeoutError:
            kind, said = "no_answer", f"no answer within {plan.timeout:g} s"
        except asyncio.CancelledError:
            self._fail("no_answer", "the test was over before the answer came")
            raise
        except (ConnectionClosed, OSError) as error:
            kind, said = _why(error), str(error)
        self._fail(kind, said)
        self._socket = None
        socket.transport.abort()
        return kind

    async def _heard(self, socket: ClientConnection, due: float) -> str | None:
        first: float | None = None
        while True:
            frame: dict[str, Any] = orjson.loads(await socket.recv(decode=False))
            match frame.get("type"):
                case "chunk" if first is None and frame.get("message"):
                    first = self._schedule.now() - due
                case "message" | "broadcast":
                    told = frame.get("metadata") or {}
                    if told.get("status") in ("failed", "cancelled"):
                        self._fail(str(told["status"]), str(frame.get("message")))
                        return str(told["status"])
                    now = self._schedule.now()
                    self._record.answered(now, now - due, first)
                    return None
                case "error":
                    told = frame.get("metadata") or {}
                    kind = str(told.get("error_code") or told.get("code") or "error")
                    self._fail(kind, str(frame.get("message")))
                    return kind

    def _fail(self, kind: str, said: str) -> None:
        self._record.failed(self._schedule.now(), kind, said)


def _tls(plan: Plan) -> ssl.SSLContext | None:
    if not plan.socket_url.startswith("wss"):
        return None
    context = ssl.create_default_context()
    if not plan.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _why(error: BaseException) -> str:
    match error:
        case InvalidStatus():
            return f"http_{error.response.status_code}"
        case ConnectionClosed():
            code = error.rcvd.code if error.rcvd is not None else 1006
            return {4401: "not_signed_in", 4404: "not_your_room", 4429: "rate_limited"}.get(code, f"closed_{code}")
        case TimeoutError():
            return "connect_timeout"
        case _:
            return "connect_failed"


async def _watch(record: Record, schedule: Schedule, watch: Callable[[Record, float], None]) -> None:
    while True:
        watch(record, schedule.now())
        await asyncio.sleep(_WATCH_SECONDS)


async def _first(work: Any, ended: asyncio.Event, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  # it is no failure
    """Wait for work, or for the end, whichever is first; the work goes on."""
    tasks = {asyncio.ensure_future(work), asyncio.ensure_future(ended.wait())}
    await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if not task.done():
            task.cancel()
