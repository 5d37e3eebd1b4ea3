"""What every log line of a piece of work bears: the ids of its request, message, run, agent and user.

They are kept in the context of the running task and are bound where work comes in: by the middleware, at the delivery
of a message, at the start of a run. What is begun from there bears them too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bind_contextvars, reset_contextvars


@contextmanager
def bound_to(**ids: str | None) -> Iterator[None]:
    """Let log lines within the block bear these fields, those that are None left out."""
    tokens = bind_contextvars(**{name: value for name, value in ids.items() if value is not None})
    try:
        yield
    finally:
        reset_contextvars(**tokens)


def also_bound_to(**ids: str | None) -> None:
    """The same for the rest of this piece of work."""
    bind_contextvars(**{name: value for name, value in ids.items() if value is not None})
