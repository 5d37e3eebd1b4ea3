"""Signing in, going on, signing out: what opens the API and from when on it no longer does."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.security import AuditLog, Credentials, KeyDesk, NotSignedInError, Tokens, UserDesk
from folkmoot.security.model import User
from tests.security.conftest import BY, PASSWORD

Joins = Callable[..., Awaitable[User]]
ENDED = "has ended"


async def test_a_name_and_its_password_give_a_pair(credentials: Credentials, joins: Joins) -> None:
    zoe = await joins("Zoe", role="viewer")
    issued = await credentials.sign_in("zoe", PASSWORD, address="10.0.0.1")
    may = await credentials.recognise(issued.access_token)
    assert (may.user_id, may.role, may.session_id) == (zoe.user_id, "viewer", issued.session_id)
    for wrong in (issued.refresh_token, issued.page_token):
        with pytest.raises(NotSignedInError, match="something else"):
            await credentials.recognise(wrong)
    assert (await credentials.recognise_page(issued.page_token)).user_id == zoe.user_id
    with pytest.raises(NotSignedInError):
        await credentials.recognise_page(issued.access_token)


async def test_a_wrong_name_and_a_wrong_password_are_told_apart_by_nothing(
    credentials: Credentials, joins: Joins, audit: AuditLog
) -> None:
    await joins("Zoe")
    said = set()
    for name, password in (("Zoe", "not it, not it"), ("Nobody", PASSWORD), ("", ""), (PASSWORD, "Zoe")):
        with pytest.raises(NotSignedInError) as refused:
            await credentials.sign_in(name, password)
        said.add(refused.value.message)
    assert len(said) == 1
    lines, _ = await audit.lines(actions=["sign_in"])
    assert [(one.user_id, one.ok, one.target) for one in lines] == [(None, False, "")] * 4


async def test_an_access_token_lives_for_minutes_and_is_renewed_by_the_other(
    credentials: Credentials, joins: Joins, clock: SimulatedClock
) -> None:
    await joins("Zoe")
    issued = await credentials.sign_in("Zoe", PASSWORD)
    clock.advance(timedelta(minutes=15))
    with pytest.raises(NotSignedInError, match="expired"):
        await credentials.recognise(issued.access_token)
    again = await credentials.refresh(issued.refresh_token)
    await credentials.recognise(again.access_token)
    assert again.session_id == issued.session_id


async def test_who_keeps_coming_back_stays_and_who_does_not_is_out(
    credentials: Credentials, joins: Joins, clock: SimulatedClock
) -> None:
    await joins("Zoe")
    issued = await credentials.sign_in("Zoe", PASSWORD)
    for _ in range(3):
        clock.advance(timedelta(days=29))
        issued = await credentials.refresh(issued.refresh_token)
    clock.advance(timedelta(days=30))
    with pytest.raises(NotSignedInError):
        await credentials.refresh(issued.refresh_token)
    assert await credentials.tidy() == 0
    clock.advance(timedelta(days=31))
    assert await credentials.tidy() == 1


async def test_a_refresh_token_that_comes_twice_ends_its_whole_family(
    credentials: Credentials, joins: Joins, audit: AuditLog
) -> None:
    await joins("Zoe")
    stolen = await credentials.sign_in("Zoe", PASSWORD)
    other = await credentials.sign_in("Zoe", PASSWORD)
    good = await credentials.refresh(stolen.refresh_token)
    with pytest.raises(NotSignedInError, match="used before"):
        await credentials.refresh(stolen.refresh_token)
    for token in (good.access_token, stolen.access_token):
        with pytest.raises(NotSignedInError, match=ENDED):
            await credentials.recognise(token)
    with pytest.raises(NotSignedInError, match=ENDED):
        await credentials.refresh(good.refresh_token)
    await credentials.recognise(other.access_token)  # another sign-in is another family
    assert (await audit.lines(actions=["refresh_reused"]))[1] == 1


async def test_signing_out_ends_every_token_of_that_sign_in(credentials: Credentials, joins: Joins) -> None:
    await joins("Zoe")
    issued = await credentials.sign_in("Zoe", PASSWORD)
    other = await credentials.sign_in("Zoe", PASSWORD)
    assert await credentials.revoke(issued.refresh_token)
    assert not await credentials.revoke(issued.access_token)
    for act in (
        credentials.recognise(issued.access_token),
        credentials.recognise_page(issued.page_token),
        credentials.refresh(issued.refresh_token),
    ):
        with pytest.raises(NotSignedInError, match=ENDED):
            await act
    await credentials.recognise(other.access_token)


@pytest.mark.parametrize("how", ["disabled", "removed", "another password"])
async def test_an_account_that_ends_takes_its_tokens_with_it_at_once(
    credentials: Credentials, users: UserDesk, keys: KeyDesk, joins: Joins, how: str
) -> None:
    zoe = await joins("Zoe")
    issued = await credentials.sign_in("Zoe", PASSWORD)
    _, key = await keys.add("report", owner=zoe.principal, by=BY)
    by_key = await credentials.sign_in_by_token(key)
    for token in (issued.access_token, by_key.access_token, key):
        await credentials.recognise(token)
    if how == "disabled":
        await users.change(zoe.user_id, {"disabled": True}, by=BY)
    elif how == "removed":
        await users.remove(zoe.user_id, by=BY)
    else:
        await users.set_password(zoe.user_id, "another four words", by=BY)
    gone = [issued.access_token, by_key.access_token]
    for token in gone if how == "another password" else [*gone, key]:
        with pytest.raises(NotSignedInError):
            await credentials.recognise(token)
    with pytest.raises(NotSignedInError):
        await credentials.refresh(issued.refresh_token)


async def test_a_role_that_is_taken_away_is_gone_with_the_next_request(
    credentials: Credentials, users: UserDesk, joins: Joins
) -> None:
    zoe = await joins("Zoe", role="admin")
    issued = await credentials.sign_in("Zoe", PASSWORD)
    assert (await credentials.recognise(issued.access_token)).is_admin
    await users.change(zoe.user_id, {"role": "viewer"}, by=BY)
    assert (await credentials.recognise(issued.access_token)).role == "viewer"


async def test_what_a_key_signs_in_does_and_lives_no_more_than_the_key(
    credentials: Credentials, keys: KeyDesk, joins: Joins, clock: SimulatedClock
) -> None:
    zoe = await joins("Zoe")
    key, shown = await keys.add(
        "report", owner=zoe.principal, scopes=["tasks:read"], expires_in=timedelta(minutes=10), by=BY
    )
    issued = await credentials.sign_in_by_token(shown)
    assert (await credentials.recognise(issued.access_token)).scopes == frozenset({"tasks:read"})
    clock.advance(timedelta(minutes=10))
    with pytest.raises(NotSignedInError, match="expired"):
        await credentials.recognise(issued.access_token)
    with pytest.raises(NotSignedInError, match="expired"):
        await credentials.refresh(issued.refresh_token)
    await keys.revoke(key.key_id, by=BY)
    with pytest.raises(NotSignedInError, match=ENDED):
        await credentials.refresh(issued.refresh_token)


async def test_a_socket_s_token_opens_one_socket_within_its_minute(
    credentials: Credentials, joins: Joins, clock: SimulatedClock
) -> None:
    zoe = await joins("Zoe")
    issued = await credentials.sign_in("Zoe", PASSWORD)
    may = await credentials.recognise(issued.access_token)
    token = credentials.socket_token(may)
    with pytest.raises(NotSignedInError, match="something else"):
        await credentials.recognise(token)
    assert (await credentials.recognise_socket(token)).user_id == zoe.user_id
    with pytest.raises(NotSignedInError, match="opened a socket already"):
        await credentials.recognise_socket(token)
    late = credentials.socket_token(may)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(NotSignedInError, match="expired"):
        await credentials.recognise_socket(late)
    orphan = credentials.socket_token(may)
    await credentials.revoke(issued.refresh_token)
    with pytest.raises(NotSignedInError, match=ENDED):
        await credentials.recognise_socket(orphan)


async def test_a_socket_s_token_keeps_the_scopes_of_the_key_that_asked(
    credentials: Credentials, keys: KeyDesk, joins: Joins
) -> None:
    _, shown = await keys.add("live", owner=(await joins("Zoe")).principal, scopes=["tasks:read"], by=BY)
    token = credentials.socket_token(await credentials.recognise(shown))
    assert (await credentials.recognise_socket(token)).scopes == frozenset({"tasks:read"})


async def test_the_administrator_s_token_opens_until_it_is_renewed_or_its_account_disabled(
    credentials: Credentials, tokens: Tokens, users: UserDesk, joins: Joins
) -> None:
    token = await tokens.ensure_admin()
    assert token is not None
    issued = await credentials.sign_in_by_token(token)
    assert (await credentials.recognise(issued.access_token)).is_admin
    new = await tokens.renew_admin()
    for old in (token, issued.access_token):
        with pytest.raises(NotSignedInError):
            await credentials.recognise(old)
    await credentials.recognise(new)
    await joins("Zoe", role="admin")
    await users.change("admin", {"disabled": True}, by=BY)
    with pytest.raises(NotSignedInError, match="disabled"):
        await credentials.recognise(new)
    tokens.admit("the key of this process")
    assert (await credentials.recognise("the key of this process")).is_admin


async def test_who_is_still_there_is_asked_again(credentials: Credentials, users: UserDesk, joins: Joins) -> None:
    zoe = await joins("Zoe")
    issued = await credentials.sign_in("Zoe", PASSWORD)
    may = await credentials.recognise(issued.access_token)
    await users.change(zoe.user_id, {"role": "viewer"}, by=BY)
    assert (await credentials.renewed(may)).role == "viewer"
    await credentials.end(issued.session_id, by=BY)
    with pytest.raises(NotSignedInError):
        await credentials.renewed(may)


class Stern:
    """A throttle that lets nobody try a third time."""

    def __init__(self) -> None:
        self.failures = 0

    async def admit(self, *, name: str, address: str) -> None:  # noqa: ARG002  # as promised to whoever calls
        if self.failures >= 2:
            raise NotSignedInError(f"too often from {address}")

    async def failed(self, *, name: str, address: str) -> None:  # noqa: ARG002  # see above
        self.failures += 1

    async def succeeded(self, *, name: str, address: str) -> None:  # noqa: ARG002  # see above
        self.failures = 0


async def test_whoever_tries_too_often_is_not_even_heard(credentials: Credentials, joins: Joins) -> None:
    await joins("Zoe")
    credentials._throttle = Stern()
    for _ in range(2):
        with pytest.raises(NotSignedInError, match="wrong"):
            await credentials.sign_in("Zoe", "not it, not it", address="10.0.0.1")
    for act in (
        credentials.sign_in("Zoe", PASSWORD, address="10.0.0.1"),
        credentials.sign_in_by_token("fm_x", address="10.0.0.1"),
    ):
        with pytest.raises(NotSignedInError, match=r"too often from 10\.0\.0\.1"):
            await act
