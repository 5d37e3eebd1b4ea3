"""Structured logs by structlog over the standard library: our lines and those of every library, with the ids of the
work they belong to, and with secrets masked before anything is written (`masking.py`).
"""

import logging
import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from folkmoot.telemetry.context import bound
from folkmoot.telemetry.masking import Masking

# Noisy by design of their own, and at DEBUG some write the parameters of statements and whole bodies: only their
# warnings are kept.
_QUIET = (
    "aiosqlite",
    "alembic",
    "asyncio",
    "dbos",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "mcp",
    "multipart",
    "nicegui",
    "openai",
    "opentelemetry",
    "psycopg",
    "python_multipart",
    "sqlalchemy",
    "urllib3",
    "websockets",
)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for one part, named as in `folkmoot.tasks` or `agent.alice`; takes an event and fields."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def configure_logging(
    *, level: str = "INFO", file: Path | None = None, as_json: bool = False, secrets: Iterable[str] = ()
) -> None:
    """Send every log of this process to standard error, and to `file` as JSON lines if one is given.

    `secrets` are values, such as those of the settings, that must not appear wherever they may turn up.
    """
    masking = Masking(secrets)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_work,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        # The text of a fault comes first: what is in it is masked as everything else is.
        structlog.processors.format_exc_info,
        masking,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    colored = sys.stderr.isatty() and not as_json
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # The fault is a text already, and a masked one.
        else structlog.dev.ConsoleRenderer(colors=colored, exception_formatter=structlog.dev.plain_traceback)
    )
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    handlers[0].setFormatter(_formatter(shared, renderer))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(file, encoding="utf-8"))
        handlers[1].setFormatter(_formatter(shared, structlog.processors.JSONRenderer()))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def hand_logs_over(secrets: Iterable[str] = ()) -> None:
    """Give our lines to the standard library's logging as the program has set it up; nothing if logs are configured.

    A program that set nothing up sees warnings and errors on standard error.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            _with_work,
            structlog.processors.format_exc_info,
            Masking(secrets),
            structlog.processors.KeyValueRenderer(key_order=["event"], drop_missing=True),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Leaves a record as it found it: the fault's text is in the event, and must not be added again unmasked."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(logging.makeLogRecord({**record.__dict__, "exc_text": None}))


def _formatter(shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor) -> logging.Formatter:
    return _Formatter(foreign_pre_chain=shared, processor=renderer)


def _with_work(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the ids of the work that is going on, and of its span where there is one."""
    for name, value in bound().items():
        event.setdefault(name, value)
    traces = sys.modules.get("opentelemetry.trace")  # who did not import it has no span
    if traces is not None:
        context = traces.get_current_span().get_span_context()
        if context.is_valid:
            event.setdefault("trace_id", f"{context.trace_id:032x}")
            event.setdefault("span_id", f"{context.span_id:016x}")
    return event
