"""The administrator's token: made once, shown once, kept as a hash."""

import pytest
from sqlalchemy import text

from folkmoot.kernel import SimulatedClock
from folkmoot.security import NotSignedInError, Tokens
from folkmoot.security.store import TokenStore
from folkmoot.storage import Database


@pytest.fixture
def tokens(database: Database, clock: SimulatedClock) -> Tokens:
    return Tokens(store=TokenStore(database), clock=clock)


async def test_the_first_start_makes_a_token_and_the_second_does_not(tokens: Tokens) -> None:
    token = await tokens.ensure_admin()
    assert token is not None
    assert await tokens.ensure_admin() is None
    assert (await tokens.recognise(token)).name == "admin"


async def test_only_a_hash_is_kept(tokens: Tokens, database: Database) -> None:
    token = await tokens.ensure_admin()
    async with database.read() as session:
        rows = (await session.execute(text("SELECT * FROM access_tokens"))).all()
    assert token is not None
    assert "argon2" in str(rows)
    assert token not in str(rows)


async def test_the_setting_wins_and_is_followed_when_it_changes(tokens: Tokens) -> None:
    assert await tokens.ensure_admin(given="first-token-of-mine") is None
    await tokens.recognise("first-token-of-mine")
    await tokens.ensure_admin(given="second-token-of-mine")
    await tokens.recognise("second-token-of-mine")
    with pytest.raises(NotSignedInError):
        await tokens.recognise("first-token-of-mine")


async def test_a_renewed_token_ends_the_old_one_even_if_it_was_recognised_before(tokens: Tokens) -> None:
    old = await tokens.ensure_admin()
    await tokens.recognise(old)
    new = await tokens.renew_admin()
    await tokens.recognise(new)
    with pytest.raises(NotSignedInError):
        await tokens.recognise(old)


@pytest.mark.parametrize("wrong", [None, "", "fm_wrong", "x" * 5000, "\x00"])
async def test_anything_else_is_not_recognised(tokens: Tokens, wrong: str | None) -> None:
    await tokens.ensure_admin()
    with pytest.raises(NotSignedInError):
        await tokens.recognise(wrong)
