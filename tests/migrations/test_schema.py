"""The revisions make what the models say, on both databases, and can be taken back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

from folkmoot.assembly.errors import UnknownRevisionError
from folkmoot.assembly.schema import current_revision, downgrade, head_revision, upgrade
from folkmoot.storage import Base, Database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'empty.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    yield database
    await database.close()


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "include_object": lambda _thing, name, kind, _reflected, _other: not (kind == "table" and "_fts" in name),
        },
    )
    found = compare_metadata(context, Base.metadata)
    # The full-text index of PostgreSQL is over an expression, which no model declares.
    return [one for one in found if "ix_knowledge_passages_text" not in str(one)]


async def test_models_equal_migrations(empty_database: Database) -> None:
    await upgrade(empty_database)
    async with empty_database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    assert await current_revision(empty_database) == head_revision()


async def test_triggers_and_full_text_tables_are_those_of_the_models(tmp_path: Path) -> None:
    def made(connection: Connection) -> list[tuple[str, str]]:
        found = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE VIRTUAL%' ORDER BY name"
        )
        return [(name, " ".join(sql.split())) for name, sql in found.fetchall()]

    seen = []
    for way in ("models", "revisions"):
        database = Database(f"sqlite:///{tmp_path / way}.db")
        if way == "models":
            async with database.engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
        else:
            await upgrade(database)
        async with database.engine.connect() as connection:
            seen.append(await connection.run_sync(made))
        await database.close()
    assert seen[0]
    assert seen[0] == seen[1]


async def test_upgrading_twice_is_the_same_as_once(empty_database: Database) -> None:
    await upgrade(empty_database)
    await upgrade(empty_database)
    assert await current_revision(empty_database) == head_revision()


async def test_down_to_nothing_and_up_again(empty_database: Database) -> None:
    await upgrade(empty_database)
    await downgrade(empty_database, "base")
    async with empty_database.engine.connect() as connection:
        left = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert set(left) <= {"alembic_version", "sqlite_sequence"}
    await upgrade(empty_database)


async def test_a_revision_that_nobody_knows_is_named(empty_database: Database) -> None:
    with pytest.raises(UnknownRevisionError, match="9999"):
        await upgrade(empty_database, "9999")
