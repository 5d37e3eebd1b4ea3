"""What the function of a run is given: steps that are recorded, alone or side by side, and sleep that survives.

Everything outside a step is done again after a restart, so it must lead to the same steps in the same order; whatever
touches the world, or could answer differently, belongs into a step. A step itself is done at least once: when the
process dies after the effect and before the record, it is done again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.runs.errors import StepFailedError
from folkmoot.runs.model import Step
from folkmoot.runs.recorded import as_json
from folkmoot.storage import StorageFullError, StorageUnavailableError
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.runs")
_FIRST_PAUSE = timedelta(milliseconds=100)
_LONGEST_PAUSE = timedelta(seconds=5)


class Run:
    """One run from the inside. `id` is the id it was launched with."""

    def __init__(self, *, run_id: str, clock: Clock, patience: timedelta) -> None:
        self.id = run_id
        self._clock = clock
        self._patience = patience

    async def step(self, name: str, fn: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """`await fn(*args)`, recorded under `name`: after a restart the recorded answer or error comes at once.

        The answer is JSON, else `NotJsonError`. A `FolkmootError` is recorded and raised as it is, any other error as
        `StepFailedError`. While the database is away (`StorageUnavailableError`, `StorageFullError`) the step is tried
        again, up to the engine's patience.
        """
        from dbos import DBOS  # noqa: PLC0415  # 0.5 s to import, and only who runs something needs it

        return await DBOS.run_step_async({"name": name}, self._recordable(name, fn), *args)

    async def gather(self, *steps: Step) -> list[Any]:
        """Take the steps side by side; their answers in the order given.

        All are waited for, also when one fails; then the first error in the order given is raised.
        """
        from dbos import DBOS  # noqa: PLC0415  # as above

        # A step is known by its number: numbers are drawn here in the order given, not in the order of starting.
        reserved = [(DBOS.reserve_step(), step) for step in steps]
        answers = await asyncio.gather(
            *(
                number.run_async({"name": step.name}, self._recordable(step.name, step.fn), *step.args)
                for number, step in reserved
            ),
            return_exceptions=True,
        )
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        # "This run was cancelled" or "is no longer yours" is no step's error and goes first.
        for failure in sorted(failures, key=lambda failure: isinstance(failure, Exception)):
            raise failure
        return answers

    async def sleep(self, duration: timedelta) -> None:
        """Sleep; after a restart only for what is left of it."""
        from dbos import DBOS  # noqa: PLC0415  # as above

        await DBOS.sleep_async(duration.total_seconds())

    def _recordable(self, name: str, fn: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        async def attempt(*args: Any) -> Any:
            try:
                return as_json(await self._patiently(name, fn, args), f"the answer of step '{name}'")
            except FolkmootError:
                raise
            except asyncio.CancelledError as error:
                if _cancelled_from_outside():
                    raise
                raise StepFailedError(
                    f"step '{name}' awaited something that was cancelled", kind="cancelled"
                ) from error
            except Exception as error:
                _log.exception("step failed", run_id=self.id, step=name)
                kind = type(error).__qualname__
                raise StepFailedError(f"step '{name}' failed: {kind}: {error}", kind=kind) from error

        return attempt

    async def _patiently(self, name: str, fn: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
        started = self._clock.monotonic()
        pause = _FIRST_PAUSE
        while True:
            try:
                return await fn(*args)
            except (StorageUnavailableError, StorageFullError) as error:
                if self._clock.monotonic() - started > self._patience.total_seconds():
                    raise
                _log.warning("step waits for the database", run_id=self.id, step=name, error=error.message)
                await self._clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
