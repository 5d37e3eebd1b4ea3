"""What is to happen after a commit happens then, once, and never without one."""

from sqlalchemy import text

from folkmoot.storage import Database, on_commit


async def test_it_waits_for_the_commit(any_database: Database) -> None:
    done: list[str] = []
    async with any_database.write() as session:
        on_commit(session, lambda: done.append("one"))
        on_commit(session, lambda: done.append("two"))
        async with session.begin_nested():
            await session.execute(text("SELECT 1"))
        assert done == [], "the end of a savepoint is no commit"
    assert done == ["one", "two"]
    async with any_database.write():
        pass
    assert done == ["one", "two"], "it belongs to one transaction"


async def test_what_is_rolled_back_does_nothing(any_database: Database) -> None:
    done: list[str] = []

    async def fail() -> None:
        async with any_database.write() as session:
            on_commit(session, lambda: done.append("never"))
            raise RuntimeError("after all not")

    try:
        await fail()
    except RuntimeError:
        assert done == []
    else:
        raise AssertionError("it did not fail")
