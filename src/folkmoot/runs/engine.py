"""The engine: launches runs, bounds how many are in progress, and brings back what a dead process left.

On SQLite the home has one owner, so every run of another executor is an orphan at the start. On PostgreSQL several
processes share the runs; `presence` says who of them lives. Neither takes a run from the living: DBOS hands a run to
one executor in one transaction, and an execution that lost its run can record nothing more.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext, suppress
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

from folkmoot.kernel import Clock, FolkmootError, JsonValue, new_id, rfc3339
from folkmoot.runs.dbos_process import QUEUE, DbosProcess
from folkmoot.runs.errors import (
    RunCancelledError,
    RunConflictError,
    RunFailedError,
    RunsStoppedError,
    RunTimeoutError,
    StepFailedError,
    UnknownRunError,
)
from folkmoot.runs.model import RunInfo, RunState
from folkmoot.runs.presence import ExecutorPresence
from folkmoot.runs.record import DBOS_STATES, as_info
from folkmoot.runs.recorded import as_json
from folkmoot.runs.run import Run
from folkmoot.telemetry import Metrics, Tracing, bound_to, get_logger

RunFunction: TypeAlias = Callable[[Run, Any], Awaitable[Any]]
RunInfos: TypeAlias = list[RunInfo]  # where a method is called `list`, the type cannot be
T = TypeVar("T")

POLLING = timedelta(milliseconds=100)
PATIENCE = timedelta(minutes=10)
_PAGE = 500
_log = get_logger("folkmoot.runs")


class RunEngine:
    """Durable runs of one process.

    `url`: `sqlite:///…/runs.db` or `postgresql://…`. `executor_id` names this process in listings; each start adds
    something unique. `presence`: needed where several processes share `url`. `concurrency`: runs in progress at once;
    further ones wait in the queue. `patience`: how long a step waits for a database that is away.
    """

    def __init__(
        self,
        *,
        url: str,
        clock: Clock,
        executor_id: str = "folkmoot",
        presence: ExecutorPresence | None = None,
        concurrency: int = 32,
        polling: timedelta = POLLING,
        patience: timedelta = PATIENCE,
        metrics: Metrics | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self.executor_id = new_id(executor_id)
        self._clock = clock
        self._presence = presence
        self._patience = patience
        self._process = DbosProcess(url=url, executor_id=self.executor_id, concurrency=concurrency, polling=polling)
        self._functions: dict[str, RunFunction] = {}
        self._workflows: dict[str, Any] = {}
        self._here: dict[str, asyncio.Task[Any]] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._running = False
        self._metrics = metrics
        self._tracing = tracing or Tracing()
        self._sent_by: dict[str, str] = {}  # the span that each run was launched in, where it runs in this process

    def register(self, name: str, function: RunFunction) -> None:
        """Let `function(run, input)` be what runs of `name` do. Before `start`; the same names in every process."""
        if self._running or name in self._functions:
            raise RunConflictError(f"'{name}' cannot be registered: it is already, or the engine has started")
        self._functions[name] = function

    async def start(self) -> None:
        """Start, and go on with what dead executors left unfinished.

        Raises `StorageUnavailableError`, or `EngineTakenError` if this process has a running engine.
        """
        if self._running:
            return
        if self._presence is not None:
            # Before the first run is taken, so that nobody mistakes this process for a dead one.
            await self._presence.appear(self.executor_id)
        self._running = True
        try:
            self._workflows = await self._process.open(
                {name: self._workflow(name, function) for name, function in self._functions.items()}
            )
            if self._presence is None:
                await self._recover(await self._owners() - {self.executor_id})
            else:
                self._watches = [
                    asyncio.create_task(self._watch(self._beat), name="runs-beat"),
                    asyncio.create_task(self._watch(self._take_over_from_dead), name="runs-take-over"),
                ]
        except BaseException:
            self._running = False
            raise

    async def stop(self) -> None:
        """Leave unfinished runs where they are: the next start, or another process, goes on with them."""
        if not self._running:
            return
        self._running = False
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        self._watches = []
        await self._process.close()
        if self._presence is not None:
            with suppress(FolkmootError):  # without a database the silence says the same, a little later
                await self._presence.leave(self.executor_id)

    async def launch(self, name: str, run_id: str, input: Any = None) -> str:  # noqa: A002  # what the function gets
        """Accept a run; when this returns it survives the death of this process. The run's id.

        Launching one id again is the same run, whatever became of it. `input` is JSON.
        Raises `UnknownRunError` for a name nobody registered, `RunConflictError` if the id is of another name's run.
        """
        self._need_running()
        if name not in self._workflows:
            raise UnknownRunError(
                f"nothing is registered under '{name}'; known are {', '.join(sorted(self._workflows))}"
            )
        value = as_json(input, f"the input of run '{run_id}'")

        if self._tracing.on and (sent_by := self._tracing.traceparent()) is not None:
            self._sent_by.setdefault(run_id, sent_by)

        async def enqueue() -> None:
            from dbos import DBOS, SetWorkflowID, error  # noqa: PLC0415  # see dbos_process

            try:
                with SetWorkflowID(run_id):
                    await DBOS.enqueue_workflow_async(QUEUE, self._workflows[name], value)
            except error.DBOSConflictingWorkflowError as conflict:
                raise RunConflictError(
                    f"run '{run_id}' exists and is not a run of '{name}'", run_id=run_id
                ) from conflict

        await _outside(enqueue())
        return run_id

    async def status(self, run_id: str) -> RunInfo:
        """A run as it is recorded. Raises `UnknownRunError`."""
        found = await self._list(workflow_ids=[run_id], load_input=False)
        if not found:
            raise UnknownRunError(f"there is no run '{run_id}'", run_id=run_id)
        return found[0]

    async def list(
        self, *, name: str | None = None, state: RunState | None = None, limit: int = 100, offset: int = 0
    ) -> RunInfos:
        """Runs, the newest first, without their results."""
        return await self._list(
            name=name,
            status=DBOS_STATES[state] if state else None,
            limit=limit,
            offset=offset,
            sort_desc=True,
            load_input=False,
            load_output=False,
        )

    async def result(self, run_id: str, timeout: timedelta | None = None) -> JsonValue:  # noqa: ASYNC109  # the caller's patience
        """Wait until the run is over; what its function returned.

        Raises `RunFailedError` (with what was raised in it), `RunCancelledError`, `RunTimeoutError`, `UnknownRunError`.
        """
        deadline = None if timeout is None else self._clock.monotonic() + timeout.total_seconds()
        pause = 0.02
        while not (info := await self.status(run_id)).state.is_over:
            if deadline is not None and self._clock.monotonic() >= deadline:
                raise RunTimeoutError(f"run '{run_id}' is not over yet; it goes on", run_id=run_id)
            await asyncio.sleep(pause)
            pause = min(pause * 1.2, 0.25)
        if info.state is RunState.CANCELLED:
            raise RunCancelledError(f"run '{run_id}' was cancelled", run_id=run_id)
        if info.state is RunState.FAILED:
            raise RunFailedError(f"run '{run_id}' failed: {info.error}", run_id=run_id)
        return info.result

    async def cancel(self, run_id: str) -> None:
        """Stop a run: at once if it is in progress here, else at its next step. One that is over stays as it is.

        Raises `UnknownRunError`.
        """
        if (await self.status(run_id)).state.is_over:
            return
        from dbos import DBOS  # noqa: PLC0415  # see dbos_process

        await _outside(DBOS.cancel_workflow_async(run_id))
        here = self._here.get(run_id)
        if here is not None:
            here.cancel()

    async def prune(self, *, older_than: timedelta) -> int:
        """Delete the records of runs that were over before that; how many."""
        from dbos import DBOS  # noqa: PLC0415  # see dbos_process

        before, deleted = rfc3339(self._clock.now() - older_than), 0
        over = [state for name in RunState if name.is_over for state in DBOS_STATES[name]]
        while True:
            old = await self._list(
                completed_before=before, status=over, limit=_PAGE, load_input=False, load_output=False
            )
            if not old:
                return deleted
            await _outside(DBOS.delete_workflows_async([run.run_id for run in old]))
            deleted += len(old)

    async def health_check(self) -> None:
        """Raise a `FolkmootError` that says what is wrong unless runs can be accepted now."""
        self._need_running()
        await self._process.ping()

    def _workflow(self, name: str, function: RunFunction) -> Callable[[Any], Coroutine[Any, Any, JsonValue]]:
        async def workflow(value: Any) -> JsonValue:
            from dbos import DBOS  # noqa: PLC0415  # see dbos_process

            run_id, task = DBOS.workflow_id, asyncio.current_task()
            assert run_id is not None
            assert task is not None
            if not self._running:
                # Taken from the queue in the last moment: as unfinished as the others.
                raise asyncio.CancelledError
            self._here[run_id] = task
            run = Run(run_id=run_id, clock=self._clock, patience=self._patience)
            try:
                with (
                    bound_to(run_id=run_id),
                    self._tracing.span(
                        f"run {name}", parent=self._sent_by.pop(run_id, None), **{"folkmoot.run_id": run_id}
                    ),
                    nullcontext() if self._metrics is None else self._metrics.runs_active.track_inprogress(),
                ):
                    return as_json(await function(run, value), f"the result of run '{run_id}'")
            except asyncio.CancelledError as error:
                if task.cancelling():
                    raise
                raise StepFailedError("the run awaited something that was cancelled", kind="cancelled") from error
            except Exception as error:
                _log.exception("run failed", run=name, run_id=run_id, error=str(error))
                raise
            finally:
                if self._here.get(run_id) is task:
                    del self._here[run_id]

        return workflow

    async def _list(self, **filters: Any) -> RunInfos:
        from dbos import DBOS  # noqa: PLC0415  # see dbos_process

        self._need_running()
        return [as_info(status) for status in await _outside(DBOS.list_workflows_async(**filters))]

    async def _recover(self, dead: set[str]) -> None:
        if dead:
            _log.warning("going on with the runs of dead executors", executors=sorted(dead))
            await self._process.recover(dead)

    async def _owners(self) -> set[str]:
        running = await self._list(status="PENDING", load_input=False, load_output=False)
        return {run.executor_id for run in running if run.executor_id is not None}

    async def _beat(self, presence: ExecutorPresence) -> None:
        await presence.look(self.executor_id)

    async def _take_over_from_dead(self, presence: ExecutorPresence) -> None:
        # Owners first: who appears between the two questions must count as living.
        owners = await self._owners()
        living = await presence.look(self.executor_id)
        await self._recover(owners - living)
        gone = presence.known() - living
        if gone:
            await presence.bury(gone)

    async def _watch(self, look: Callable[[ExecutorPresence], Awaitable[None]]) -> None:
        # Two watches, because DBOS waits inside its questions while the database is away, and a heartbeat must not.
        assert self._presence is not None
        while True:
            try:
                await look(self._presence)
            except Exception as error:  # noqa: BLE001  # whatever it was, a living process must go on saying so
                _log.warning("executors cannot be watched", error=str(error))
            await self._clock.sleep(self._presence.tick)

    def _need_running(self) -> None:
        if not self._running:
            raise RunsStoppedError("durable runs are not started; start the engine first")


async def _outside(call: Coroutine[Any, Any, T]) -> T:
    """Ask DBOS from outside any run: its context travels with tasks, and a question must not count as a step."""
    return await asyncio.create_task(call, context=contextvars.Context())
