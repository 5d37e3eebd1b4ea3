"""For whom rows are read: the second wall, behind what the rooms decide by themselves.

PostgreSQL shows a row of a table with an owner only to a transaction that says for whom it reads (`folkmoot.user_id`):
`*` is the house itself, a user's id shows that user's rows, and nothing said shows nothing. `Database` says it at the
beginning of each transaction from the variable here, whose default is the house. The faces set it while they answer a
read for somebody who is no administrator; what changes something begins work that lives on and inherits the variable,
so it is done by the house, and the rooms alone decide there. The policies are in revision 0009; SQLite has none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

HOUSE: Final = "*"
_acting_for: ContextVar[str] = ContextVar("folkmoot_acting_for", default=HOUSE)


def acting_for() -> str:
    """A user's id, or `HOUSE`."""
    return _acting_for.get()


@contextmanager
def only_rows_of(user_id: str) -> Iterator[None]:
    """While the block runs, transactions that read see that user's rows alone where rows have owners."""
    if user_id in {"", HOUSE}:
        raise ValueError(f"'{user_id}' is no user's id")
    token = _acting_for.set(user_id)
    try:
        yield
    finally:
        _acting_for.reset(token)


@contextmanager
def as_the_house() -> Iterator[None]:
    """While the block runs, every row is seen: for what is permitted by something else than whose it is."""
    token = _acting_for.set(HOUSE)
    try:
        yield
    finally:
        _acting_for.reset(token)
