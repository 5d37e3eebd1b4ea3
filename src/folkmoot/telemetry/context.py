"""What every log line of a piece of work bears: the ids of its request, message, run, agent and user.

They are kept in the context of the running task and are bound where work comes in: by the middleware, at the delivery
of a message, at the start of a run. What is begun from there bears them too. One variable holds them all, because a
message is handled in a few microseconds.
"""

from collections.abc import Mapping
from contextvars import ContextVar, Token
from typing import Final

_NONE: Final[Mapping[str, str]] = {}


class Binding:
    """Ids that hold within a block; see `bound_to`. They are put together when somebody reads them: few do."""

    __slots__ = ("_all", "_ids", "_outer", "_token")

    def __init__(self, ids: Mapping[str, str | None]) -> None:
        self._ids = ids
        self._outer = _NONE
        self._all: Mapping[str, str] | None = None
        self._token: Token[Binding | None] | None = None

    def __enter__(self) -> None:
        # Of what is around only its ids are kept: a chain of bindings would grow with every task begun in another.
        self._outer = bound()
        self._token = _WORK.set(self)

    def ids(self) -> Mapping[str, str]:
        """These ids and those that held around the block."""
        if self._all is None:
            here = {name: value for name, value in self._ids.items() if value is not None}
            self._all = {**self._outer, **here}
        return self._all

    def __exit__(self, *_error: object) -> None:
        if self._token is not None:
            _WORK.reset(self._token)


_WORK: Final[ContextVar[Binding | None]] = ContextVar("folkmoot_work", default=None)


def bound_to(**ids: str | None) -> Binding:
    """Let log lines within the block bear these fields, those that are None left out."""
    return Binding(ids)


def also_bound_to(**ids: str | None) -> None:
    """Let the rest of this piece of work bear them too."""
    binding = Binding(ids)
    binding.__enter__()


def bound() -> Mapping[str, str]:
    """What the present piece of work is bound to."""
    binding = _WORK.get()
    return _NONE if binding is None else binding.ids()
