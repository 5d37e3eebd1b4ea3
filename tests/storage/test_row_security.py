"""The second wall on PostgreSQL: a plain connection sees what it says it reads for, and nothing unsaid.

Asked over raw connections, past everything that our own code decides.
"""

import asyncio
import importlib
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    func,
    select,
    text,
)
from sqlalchemy.ext.asyncio import create_async_engine

from folkmoot.assembly.schema import upgrade
from folkmoot.storage import Base, Database, UtcDateTime, acting_for, as_the_house, only_rows_of
from tests.postgres import PostgresServer

pytestmark = pytest.mark.postgres

VERSIONS = "folkmoot.migrations.versions"
OWN = "user_id = its reader"
RULES: dict[str, str] = {
    **importlib.import_module(f"{VERSIONS}.0009_row_security").RULES,
    **dict.fromkeys(importlib.import_module(f"{VERSIONS}.0011_conversations").TABLES, OWN),
    "sessions": OWN,
}
READ_BY_ALL = "gallery"  # but changed by whoever published it
BY_USER = sorted(name for name, rule in RULES.items() if rule.startswith("user_id"))
BY_PERSON = sorted(name for name, rule in RULES.items() if rule.startswith("person"))
VALUES: list[tuple[tuple[type, ...], Callable[[int], Any]]] = [
    ((UtcDateTime, DateTime), lambda _number: datetime(2026, 1, 5, tzinfo=UTC)),
    ((Boolean,), lambda _number: True),
    ((Integer, Float, Numeric), lambda number: number + 1),
    ((LargeBinary,), lambda _number: b"x"),
]
NOBODYS = sorted(name for name, rule in RULES.items() if rule == "false")


async def _fill(url: str, role: str) -> None:
    database = Database(url)
    await upgrade(database)
    await database.close()
    engine = create_async_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    async with engine.begin() as connection:
        # Parents are not the subject here, and a superuser may leave them out.
        await connection.execute(text("SET session_replication_role = replica"))
        for name in (*RULES, READ_BY_ALL):
            table = Base.metadata.tables[name]
            for number, user in enumerate(("ann", "ben")):
                await connection.execute(table.insert().values(_row(table, user, number)))
        await connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'plain'"))
        await connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"))
    await engine.dispose()


@pytest.fixture(scope="module")
def plain_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a migrated database for a role that is nothing special; rows of two users are in every table."""
    url, role = postgres_server.new_database(), f"plain_{secrets.token_hex(4)}"
    asyncio.run(_fill(url, role))
    yield url.replace("folkmoot:folkmoot@", f"{role}:plain@")
    with psycopg.connect(url, autocommit=True) as house:
        house.execute(f"DROP OWNED BY {role}".encode())
        house.execute(f"DROP ROLE {role}".encode())
    postgres_server.drop_database(url)


def _row(table: Table, user: str, number: int) -> dict[str, Any]:
    named = {"user_id": user, "person": f"person of {user}", "space_id": f"space of {user}"}
    return {
        column.name: named.get(column.name, _value(column, user, number))
        for column in table.columns
        if not column.nullable or column.name in named
    }


def _value(column: Column[Any], user: str, number: int) -> Any:
    if isinstance(column.type, String):
        return f"{column.name} {user}"[: column.type.length]
    return next((value(number) for kinds, value in VALUES if isinstance(column.type, kinds)), {})


@pytest.fixture
def plain(plain_url: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(plain_url, autocommit=True) as connection:
        yield connection


def seen(connection: "psycopg.Connection[Any]", table: str, reader: str | None) -> int:
    if reader is not None:
        connection.execute("SELECT set_config('folkmoot.user_id', %s, false)", (reader,))
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int(row[0]) if row else -1


def test_every_table_with_an_owner_has_a_policy_or_a_reason(plain: "psycopg.Connection[Any]") -> None:
    forced = plain.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity").fetchall()
    assert {row[0] for row in forced} == {*RULES, READ_BY_ALL}
    shared = {
        "knowledge_documents",  # whose upload it was; who may read it is a matter of scopes
        "budgets",  # who set it; whom it binds is its subject
        READ_BY_ALL,
    }
    owned = {name for name, table in Base.metadata.tables.items() if "user_id" in table.columns}
    assert owned - set(RULES) == shared & owned, "a table with a user_id has neither a policy nor a reason"


def test_who_says_nothing_sees_nothing(plain: "psycopg.Connection[Any]") -> None:
    assert {table: seen(plain, table, None) for table in RULES} == dict.fromkeys(RULES, 0)
    assert {table: seen(plain, table, "") for table in RULES} == dict.fromkeys(RULES, 0)


def test_a_user_sees_their_own_rows_and_no_others(plain: "psycopg.Connection[Any]") -> None:
    for table in [*BY_USER, *BY_PERSON, "shared_memory"]:
        assert seen(plain, table, "ann") == 1, table
    for table in BY_USER:
        (row,) = plain.execute(f"SELECT user_id FROM {table}".encode()).fetchall()
        assert row == ("ann",), table
    for table in BY_PERSON:
        (row,) = plain.execute(f"SELECT person FROM {table}".encode()).fetchall()
        assert row == ("person of ann",), table
    for table in NOBODYS:
        assert seen(plain, table, "ann") == 0, table
    for table in RULES:
        assert seen(plain, table, "cem") == 0, table


def test_the_house_sees_every_row(plain: "psycopg.Connection[Any]") -> None:
    assert {table: seen(plain, table, "*") for table in RULES} == dict.fromkeys(RULES, 2)


def test_nobody_writes_rows_of_others(plain: "psycopg.Connection[Any]") -> None:
    seen(plain, "leads", "ann")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        plain.execute("UPDATE leads SET user_id = 'ben'")
    assert plain.execute("DELETE FROM leads WHERE user_id = 'ben'").rowcount == 0
    assert seen(plain, "leads", "*") == 2


def test_the_gallery_is_read_by_everybody_and_changed_by_whoever_published(plain: "psycopg.Connection[Any]") -> None:
    assert [seen(plain, READ_BY_ALL, reader) for reader in (None, "", "ann", "cem", "*")] == [0, 0, 2, 2, 2]
    seen(plain, READ_BY_ALL, "ann")
    assert plain.execute("DELETE FROM gallery WHERE user_id = 'ben'").rowcount == 0
    assert plain.execute("UPDATE gallery SET tags = '[]' WHERE user_id = 'ben'").rowcount == 0
    assert plain.execute("UPDATE gallery SET tags = '[]' WHERE user_id = 'ann'").rowcount == 1


async def count(database: Database) -> int:
    async with database.read() as session:
        return int(
            (await session.execute(select(func.count()).select_from(Base.metadata.tables["leads"]))).scalar_one()
        )


async def test_our_own_sessions_say_for_whom_they_read(plain_url: str) -> None:
    database = Database(plain_url)
    try:
        assert await count(database) == 2, "the house is who reads, unless it is said otherwise"
        with only_rows_of("ann"):
            assert await count(database) == 1
            assert acting_for() == "ann"
            with as_the_house():
                assert await count(database) == 2
            assert await count(database) == 1
            async with database.write() as session:
                table = Base.metadata.tables["leads"]
                assert (await session.execute(select(func.count()).select_from(table))).scalar_one() == 2
        assert await count(database) == 2, "a connection in the pool remembered somebody"
    finally:
        await database.close()


async def test_a_role_that_no_policy_holds_is_known(plain_url: str, postgres_url: str, database: Database) -> None:
    for url, passes in ((plain_url, False), (postgres_url, True)):
        one = Database(url)
        assert await one.passes_policies() is passes
        await one.close()
    assert not await database.passes_policies()


@pytest.mark.parametrize("nobody", ["", "*"])
def test_nobody_becomes_the_house_by_their_name(nobody: str) -> None:
    with pytest.raises(ValueError, match="no user's id"), only_rows_of(nobody):
        pass
