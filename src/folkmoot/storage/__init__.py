"""Where rows live: one `Database` (SQLite or PostgreSQL) and the table base.

A room keeps its rows in its own `tables.py` (on `Base`) and reads and writes them in its own `store.py`; the schema
as a whole is made by the Alembic revisions in `folkmoot.migrations`. Messages waiting for delivery are not here: they
have a journal of their own in `messaging`.
"""

from folkmoot.storage.acting import HOUSE, acting_for, as_the_house, only_rows_of
from folkmoot.storage.base import Base, JsonColumn, UtcDateTime
from folkmoot.storage.committed import on_commit
from folkmoot.storage.database import Database
from folkmoot.storage.errors import StorageFullError, StorageUnavailableError
from folkmoot.storage.quick import Execute

__all__ = [
    "HOUSE",
    "Base",
    "Database",
    "Execute",
    "JsonColumn",
    "StorageFullError",
    "StorageUnavailableError",
    "UtcDateTime",
    "acting_for",
    "as_the_house",
    "on_commit",
    "only_rows_of",
]
