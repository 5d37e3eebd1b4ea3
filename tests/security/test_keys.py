"""API keys: what one does and does not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from folkmoot.kernel import SimulatedClock
from folkmoot.security import KeyDesk, NotAllowedError, NotSignedInError, UserDesk
from folkmoot.security.errors import InvalidAccountError, UnknownKeyError
from folkmoot.security.keys import USUAL
from folkmoot.security.model import User
from folkmoot.storage import Database
from tests.security.conftest import BY

Joins = Callable[..., Awaitable[User]]


async def test_a_key_is_its_user_with_its_scopes(users: UserDesk, keys: KeyDesk, joins: Joins) -> None:
    zoe = await joins("Zoe", role="viewer")
    key, shown = await keys.add("report", owner=zoe.principal, scopes=["tasks:*"], by=BY)
    may = await keys.recognise(shown)
    assert (may.user_id, may.role, may.scopes, may.key_id) == (
        zoe.user_id,
        "viewer",
        frozenset({"tasks:*"}),
        key.key_id,
    )
    assert shown.startswith(key.prefix.rstrip("…"))
    await users.change(zoe.user_id, {"role": "member"}, by=BY)
    assert (await keys.recognise(shown)).role == "member"
    await users.change(zoe.user_id, {"disabled": True}, by=BY)
    with pytest.raises(NotSignedInError, match="disabled"):
        await keys.recognise(shown)


async def test_only_a_keyed_hash_is_kept(keys: KeyDesk, joins: Joins, database: Database) -> None:
    zoe = await joins("Zoe")
    _, shown = await keys.add("report", owner=zoe.principal, by=BY)
    async with database.read() as session:
        rows: list[Any] = list((await session.execute(text("SELECT * FROM api_keys"))).all())
    secret = shown.split("_", 2)[2]
    assert secret not in str(rows)
    assert secret.encode().hex() not in str(rows)


async def test_a_key_ends(keys: KeyDesk, joins: Joins, clock: SimulatedClock) -> None:
    zoe = await joins("Zoe")
    _, shown = await keys.add("report", owner=zoe.principal, expires_in=USUAL, by=BY)
    clock.advance(USUAL)
    with pytest.raises(NotSignedInError, match="expired at"):
        await keys.recognise(shown)


async def test_its_last_use_is_noted_once_a_minute(keys: KeyDesk, joins: Joins, clock: SimulatedClock) -> None:
    zoe = await joins("Zoe")
    _, shown = await keys.add("report", owner=zoe.principal, by=BY)
    first = clock.now()
    await keys.recognise(shown)
    clock.advance(timedelta(seconds=59))
    await keys.recognise(shown)
    assert (await keys.list())[0][0].last_used_at == first
    clock.advance(timedelta(seconds=1))
    await keys.recognise(shown)
    assert (await keys.list())[0][0].last_used_at == clock.now()


@pytest.mark.parametrize(
    "spoil",
    [lambda key: key[:-1], lambda key: key + "x", lambda key: key.upper(), lambda _: "fmk_", lambda _: "fmk_a_b"],
)
async def test_anything_like_it_is_not_it(keys: KeyDesk, joins: Joins, spoil: Callable[[str], str]) -> None:
    _, shown = await keys.add("report", owner=(await joins("Zoe")).principal, by=BY)
    with pytest.raises(NotSignedInError, match="not known"):
        await keys.recognise(spoil(shown))


async def test_a_key_makes_none_that_may_more(keys: KeyDesk, joins: Joins) -> None:
    _, shown = await keys.add("narrow", owner=(await joins("Zoe")).principal, scopes=["tasks:read"], by=BY)
    narrow = await keys.recognise(shown)
    for scopes in (None, ["*"], ["tasks:*"], ["tasks:read", "tasks:write"]):
        with pytest.raises(NotAllowedError):
            await keys.add("wide", owner=narrow, scopes=scopes, by=BY)
    await keys.add("as narrow", owner=narrow, scopes=["tasks:read"], by=BY)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["tasks:fly"], ["tasks:read", ""]])
async def test_an_unknown_scope_is_named(keys: KeyDesk, joins: Joins, scopes: list[str]) -> None:
    with pytest.raises(InvalidAccountError, match="tasks:read"):
        await keys.add("report", owner=(await joins("Zoe")).principal, scopes=scopes, by=BY)


async def test_nobody_revokes_another_s(keys: KeyDesk, joins: Joins) -> None:
    zoe, tom = await joins("Zoe"), await joins("Tom")
    key, shown = await keys.add("report", owner=zoe.principal, by=BY)
    with pytest.raises(UnknownKeyError):
        await keys.revoke(key.key_id, owner=tom.user_id, by=BY)
    await keys.revoke(key.key_id, owner=zoe.user_id, by=BY)
    with pytest.raises(NotSignedInError):
        await keys.recognise(shown)
