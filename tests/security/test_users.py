"""Accounts: who there is, what may be changed, and that somebody can always administer."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from folkmoot.kernel import SimulatedClock
from folkmoot.security import AuditLog, UserDesk, allowed_effects
from folkmoot.security.errors import (
    AccountTakenError,
    InvalidAccountError,
    LastAdminError,
    UnknownUserError,
    WrongPasswordError,
)
from folkmoot.security.model import Actor, User
from folkmoot.security.passwords import Passwords
from folkmoot.storage import Database
from tests.security.conftest import BY, PASSWORD

Joins = Callable[..., Awaitable[User]]


async def test_a_name_is_one_whatever_its_case_and_blanks(users: UserDesk, joins: Joins) -> None:
    zoe = await joins("Zoe  Vale")
    assert zoe.name == "Zoe Vale"
    assert await users.verify(" zoe vale ", PASSWORD) == zoe
    for name in ("ZOE VALE", "Admin"):
        with pytest.raises(AccountTakenError):
            await joins(name)


async def test_a_password_is_kept_as_a_hash(joins: Joins, database: Database) -> None:
    await joins("Zoe")
    async with database.read() as session:
        rows = str((await session.execute(text("SELECT * FROM users"))).all())
    assert "argon2id" in rows
    assert PASSWORD not in rows


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "x" * 201),
        ("password", "aaaaaaaaaaaa"),
        ("password", "Zoe of ValeZoe of Vale"),
        ("password", "with\x00control signs"),
        ("name", " "),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("email", "nobody"),
        ("email", "a@b\nc"),
        ("role", "owner"),
        ("knowledge_scopes", frozenset({"no blanks"})),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_made(
    users: UserDesk, joins: Joins, field: str, value: object
) -> None:
    with pytest.raises(InvalidAccountError):
        await joins(**{"name": "Zoe of Vale", field: value})
    assert (await users.list())[1] == 1


async def test_one_twin_has_one_owner(users: UserDesk, joins: Joins) -> None:
    zoe, tom = await joins("Zoe", person="zoe vale"), await joins("Tom")
    with pytest.raises(AccountTakenError, match="Zoe"):
        await users.change(tom.user_id, {"person": "zoe vale"}, by=BY)
    assert await users.owner_of("zoe vale") == zoe
    assert await users.unlink("zoe vale") == 1
    assert (await users.change(tom.user_id, {"person": "zoe vale"}, by=BY)).person == "zoe vale"


async def test_the_last_who_administers_can_be_neither_demoted_disabled_nor_removed(
    users: UserDesk, joins: Joins
) -> None:
    for changes in ({"disabled": True}, {"role": "member"}):
        with pytest.raises((LastAdminError, InvalidAccountError)):
            await users.change("admin", changes, by=BY)
    with pytest.raises(LastAdminError):
        await users.remove("admin", by=BY)
    zoe = await joins("Zoe", role="admin")
    await users.change("admin", {"disabled": True}, by=BY)
    for act in (
        users.change(zoe.user_id, {"role": "member"}, by=BY),
        users.change(zoe.user_id, {"disabled": True}, by=BY),
        users.remove(zoe.user_id, by=BY),
    ):
        with pytest.raises(LastAdminError):
            await act
    await users.ensure_admin(enable=True)
    await users.remove(zoe.user_id, by=BY)


async def test_what_a_user_may_follows_the_account(users: UserDesk, joins: Joins) -> None:
    zoe = await joins("Zoe", role="viewer", knowledge_scopes=frozenset({"product"}), person="zoe vale")
    may = await users.principal(zoe.user_id)
    assert may is not None
    assert (may.role, may.knowledge_scopes, may.person) == ("viewer", frozenset({"product"}), "zoe vale")
    await users.change(zoe.user_id, {"role": "admin"}, by=BY)
    may = await users.principal(zoe.user_id)
    assert may is not None
    assert may.is_admin
    assert may.knowledge_scopes is None
    await users.change(zoe.user_id, {"disabled": True}, by=BY)
    assert await users.principal(zoe.user_id) is None
    assert await users.principal("user_nobody") is None
    assert await users.principal(None) is None


async def test_a_twin_does_at_most_what_its_person_may() -> None:
    assert allowed_effects("admin") == allowed_effects("member") == {"read", "write", "external"}
    assert allowed_effects("viewer") == allowed_effects(None) == {"read"}


async def test_one_s_own_password_is_changed_with_the_present_one(users: UserDesk, joins: Joins) -> None:
    zoe = await joins("Zoe")
    own = Actor(user_id=zoe.user_id)
    for present in (None, "", "not my password"):
        with pytest.raises(WrongPasswordError):
            await users.set_password(zoe.user_id, "another four words", present=present, by=own)
    await users.set_password(zoe.user_id, "another four words", present=PASSWORD, by=own)
    assert await users.verify("Zoe", PASSWORD) is None
    assert await users.verify("Zoe", "another four words") is not None
    await users.set_password(zoe.user_id, PASSWORD, by=BY)  # an administrator need not know it
    with pytest.raises(InvalidAccountError):
        await users.set_password("admin", PASSWORD, by=BY)


async def test_a_disabled_or_unknown_user_has_no_password(users: UserDesk, joins: Joins) -> None:
    zoe = await joins("Zoe")
    await joins("Key only", password=None)
    await users.change(zoe.user_id, {"disabled": True}, by=BY)
    for name in ("Zoe", "Key only", "Nobody", "", "\x00", "x" * 1000):
        assert await users.verify(name, PASSWORD) is None


async def test_an_unknown_name_costs_a_hash_too(users: UserDesk, joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    await joins("Zoe")
    verified: list[str] = []
    real = Passwords._verify

    def counted(self: Passwords, password_hash: str, password: str) -> bool:
        verified.append(password_hash)
        return real(self, password_hash, password)

    monkeypatch.setattr(Passwords, "_verify", counted)
    await users.verify("Zoe", "not the password")
    await users.verify("Nobody", "not the password")
    assert len(verified) == 2
    parameters = {one.split("$")[3] for one in verified}
    assert len(parameters) == 1, "the hash of nobody costs as much as that of somebody"


async def test_everything_is_told_to_the_audit_without_names_or_secrets(
    users: UserDesk, joins: Joins, audit: AuditLog, database: Database
) -> None:
    zoe = await joins("Zoe Vale", email="zoe@acme.example")
    await users.change(zoe.user_id, {"role": "viewer", "email": "z@acme.example"}, by=BY)
    await users.change(zoe.user_id, {"disabled": True}, by=BY)
    await users.remove(zoe.user_id, by=BY)
    lines, total = await audit.lines()
    told = [one.action for one in reversed(lines)]
    assert told == ["user_created", "role_changed", "user_changed", "user_disabled", "user_removed"]
    assert total == 5
    assert {one.target for one in lines} == {zoe.user_id}
    async with database.read() as session:
        rows = str((await session.execute(text("SELECT * FROM audit_log"))).all())
    for secret in ("Zoe", "acme.example", PASSWORD):
        assert secret not in rows


async def test_a_line_of_the_audit_stays_as_it_is(any_database: Database, clock: SimulatedClock) -> None:
    audit = AuditLog(database=any_database, clock=clock)
    await audit.record("something", by=BY, target="x", ok=False, why="a reason")
    for statement in ("UPDATE audit_log SET action = 'another'", "DELETE FROM audit_log"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with any_database.write() as session:
                await session.execute(text(statement))
    (line,), _ = await audit.lines(actions=["something"], user_id="admin", since=clock.now())
    assert (line.action, line.ok, line.details, line.address) == ("something", False, {"why": "a reason"}, "127.0.0.1")


async def test_unknown_accounts_are_said_to_be_unknown(users: UserDesk) -> None:
    for act in (
        users.get("user_x"),
        users.change("user_x", {"role": "viewer"}, by=BY),
        users.remove("user_x", by=BY),
        users.set_password("user_x", PASSWORD, by=BY),
    ):
        with pytest.raises(UnknownUserError):
            await act
