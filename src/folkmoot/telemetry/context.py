"""What every log line of a piece of work bears: the ids of its request, message, run, agent and user.

They are kept in the context of the running task and are bound where work comes in: by the middleware, at the delivery
of a message, at the start of a run. What is begun from there bears them too. One variable holds them all, because a
message is handled in a few microseconds.
"""

from collections.abc import Mapping
from contextvars import ContextVar, Token
from typing import Final

_WORK: Final[ContextVar[Mapping[str, str]]] = ContextVar("folkmoot_work")
_NONE: Final[Mapping[str, str]] = {}


class Binding:
    """Ids that hold within a block; see `bound_to`."""

    __slots__ = ("_ids", "_token")

    def __init__(self, ids: Mapping[str, str | None]) -> None:
        self._ids = ids
        self._token: Token[Mapping[str, str]] | None = None

    def __enter__(self) -> None:
        self._token = _WORK.set(_with(self._ids))

    def __exit__(self, *_error: object) -> None:
        if self._token is not None:
            _WORK.reset(self._token)


def bound_to(**ids: str | None) -> Binding:
    """Let log lines within the block bear these fields, those that are None left out."""
    return Binding(ids)


def also_bound_to(**ids: str | None) -> None:
    """Let the rest of this piece of work bear them too."""
    _WORK.set(_with(ids))


def bound() -> Mapping[str, str]:
    """What the present piece of work is bound to."""
    return _WORK.get(_NONE)


def _with(ids: Mapping[str, str | None]) -> Mapping[str, str]:
    work = dict(_WORK.get(_NONE))
    for name, value in ids.items():
        if value is not None:
            work[name] = value
    return work
