"""Run the revisions of `folkmoot.migrations` on a `Database`, up or down.

They are found by their path: the environment there imports every table, which no room may.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

import folkmoot
from folkmoot.assembly.errors import UnknownRevisionError
from folkmoot.storage import Database


async def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to `revision`; what is there already is left alone.

    Raises `UnknownRevisionError` when the database was made by a newer Folkmoot, or there is no such revision.
    """
    if revision == "head" and await current_revision(database) == head_revision():
        return  # nothing of what the revisions import is needed then
    await _run(database, lambda config: command.upgrade(config, revision))


async def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to `revision` (`base` for nothing, `-1` for one step); data of dropped tables is lost."""
    await _run(database, lambda config: command.downgrade(config, revision))


async def current_revision(database: Database) -> str | None:
    """The revision that the schema is at, None for an empty database."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def head_revision() -> str | None:
    """The newest revision there is."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def _run(database: Database, act: Callable[[Config], None]) -> None:
    def in_sync(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        try:
            act(config)
        except CommandError as error:
            raise UnknownRevisionError(
                f"{error}; the database may have been made by a newer Folkmoot, or the revision's name is wrong "
                "(the files in migrations/versions bear them)"
            ) from error

    async with database.engine.connect() as connection:
        if database.is_sqlite:
            await connection.execution_options(folkmoot_write=True)
        async with connection.begin():
            await connection.run_sync(in_sync)


def _config(**attributes: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(folkmoot.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config
