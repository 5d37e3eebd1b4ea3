"""DBOS as one process sees it: configured, started on this event loop, quiet, and gone without a trace.

DBOS keeps one instance and one registry per process, replaces the loop's default thread pool, and logs with a handler
of its own; what is put right about that is put right here. Its private names are used in this file alone.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final

from folkmoot.runs.errors import EngineTakenError
from folkmoot.runs.recorded import decode, encode
from folkmoot.runs.store import ping, system_engine

QUEUE: Final = "folkmoot"
# Recovery looks for runs of this version only. It stays the same over releases: a run must outlive an update.
_VERSION: Final = "1"
_THREADS: Final = 16
_LONGEST_WAIT: Final = timedelta(seconds=5)
_SAID_ELSEWHERE: Final = (
    "Asyncio task cancelled",
    "Exception encountered in asynchronous workflow",
    "DBOS failed to launch",
)


class DbosProcess:
    """The one DBOS of this process, from `open` to `close`."""

    def __init__(self, *, url: str, executor_id: str, concurrency: int, polling: timedelta) -> None:
        self._url = url
        self._executor_id = executor_id
        self._concurrency = concurrency
        self._polling = polling
        self._quiet = _Quiet()
        self._engine: Any = None
        self._instance: Any = None
        self._closing = threading.Event()

    async def open(self, workflows: dict[str, Any]) -> dict[str, Any]:
        """Register the workflows and start DBOS; the registered functions, which are what can be enqueued.

        Raises `StorageUnavailableError` if the database does not answer, `EngineTakenError` if DBOS runs already.
        """
        dbos = await asyncio.to_thread(_import_dbos)
        if dbos._dbos._dbos_global_instance is not None:  # noqa: SLF001  # DBOS would go on with the other's settings
            raise EngineTakenError("durable runs are started already in this process; a process has one engine")
        self._engine = await asyncio.to_thread(system_engine, self._url)
        try:
            await asyncio.to_thread(ping, self._engine)
            return await self._launch(dbos, workflows)
        except BaseException:
            await self.close()
            raise

    async def _launch(self, dbos: Any, workflows: dict[str, Any]) -> dict[str, Any]:
        dbos._sys_db.time = _Waiting(self._closing)  # noqa: SLF001  # see _Waiting
        logger = logging.getLogger("dbos")
        logger.addFilter(self._quiet)
        # With a handler there already, DBOS adds none of its own, and its records go where all others go.
        logger.addHandler(self._quiet.handler)
        instance = self._instance = dbos.DBOS(
            config=dbos.DBOSConfig(
                name="folkmoot",
                system_database_engine=self._engine,
                executor_id=self._executor_id,
                application_version=_VERSION,
                max_executor_threads=_THREADS,
                serializer=_json_serializer(dbos),
                log_level="WARNING",
                enable_otlp=False,
            )
        )
        registered = {name: dbos.DBOS.workflow(name=name)(function) for name, function in workflows.items()}
        # A queue in memory needs no reading of its settings at each poll, and its first run does not wait a second.
        instance._registry._register_internal_queue(  # noqa: SLF001  # as DBOS does for its own queues
            QUEUE, worker_concurrency=self._concurrency, polling_interval_sec=self._polling.total_seconds()
        )
        # Starting takes a while and happens in a thread; runs shall run on this loop all the same.
        instance._background_event_loop.set_main_loop()  # noqa: SLF001  # it would look for a loop in that thread
        await asyncio.to_thread(dbos.DBOS.launch)
        return registered

    async def close(self) -> None:
        """Stop DBOS, and give the loop a thread pool of its own again.

        Runs in progress are dropped where they are, so they are unfinished, not failed.
        """
        dbos = _import_dbos()
        if self._instance is not None:
            unfinished = list(self._instance._workflow_tasks)  # noqa: SLF001  # there is no other list of them
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
            if self._instance._sys_db_field is not None:  # noqa: SLF001  # as below
                # A thread that goes on asking a database that is away would keep the process from ending.
                self._instance._sys_db_field._retry_connection_errors = False  # noqa: SLF001  # what a client sets
        self._closing.set()
        # DBOS's pool, which the loop uses too, is about to end.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
        await asyncio.to_thread(dbos.DBOS.destroy, destroy_registry=True)
        await asyncio.to_thread(self._engine.dispose)
        dbos._sys_db.time = time  # noqa: SLF001  # as it was
        self._instance = None
        self._closing.clear()
        logger = logging.getLogger("dbos")
        logger.removeHandler(self._quiet.handler)
        logger.removeFilter(self._quiet)

    async def ping(self) -> None:
        """Raise `StorageUnavailableError` unless the database of the runs answers."""
        await asyncio.to_thread(ping, self._engine)

    async def recover(self, executor_ids: Iterable[str]) -> None:
        """Queue the runs that these executors left behind; harmless if somebody else does so at the same time."""
        dbos = _import_dbos()
        # `resume_workflow` would also restart what another process took over a moment ago.
        await asyncio.to_thread(dbos.DBOS._recover_pending_workflows, sorted(executor_ids))  # noqa: SLF001  # see above


class _Waiting:
    """The `time` that DBOS's database module sees.

    While the database is away it sleeps up to a minute and a half between two attempts, in threads that the process
    must wait for at its end. Here nobody sleeps longer than some seconds, and the end wakes all.
    """

    def __init__(self, closing: threading.Event) -> None:
        self._closing = closing

    def sleep(self, seconds: float) -> None:
        self._closing.wait(min(seconds, _LONGEST_WAIT.total_seconds()))

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class _Quiet(logging.Filter):
    """Drops what the engine itself reports: a failed or cancelled run, a start that did not work."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = logging.NullHandler()

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        return not said.startswith(_SAID_ELSEWHERE) and "was cancelled during execution" not in said


def _import_dbos() -> Any:
    import dbos  # noqa: PLC0415  # about half a second, and only who runs something needs it

    return dbos


def _json_serializer(dbos: Any) -> Any:
    class JsonSerializer(dbos.Serializer):  # type: ignore[misc]  # DBOS is imported late, so its class is not known here
        def serialize(self, data: Any) -> str:
            return encode(data)

        def deserialize(self, serialized_data: str) -> Any:
            return decode(serialized_data)

        def name(self) -> str:
            return "folkmoot_json"

    return JsonSerializer()
