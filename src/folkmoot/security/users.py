"""Accounts: making, changing and removing them, and what each may do now.

The account `admin` is that of the administrator's token; it is always there and always administers, but can be
disabled once somebody else administers. Whoever is disabled or removed loses keys and sign-ins in the same moment.
"""

import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from folkmoot.kernel import Clock, new_id
from folkmoot.security import store
from folkmoot.security.audit import AuditLog
from folkmoot.security.errors import (
    AccountTakenError,
    InvalidAccountError,
    LastAdminError,
    UnknownUserError,
    WrongPasswordError,
)
from folkmoot.security.model import ADMIN, HOUSE, ROLES, Actor, Principal, Role, User
from folkmoot.security.passwords import Passwords, checked_password
from folkmoot.storage import Database

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_SCOPE: Final = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}")
_LONGEST_NAME: Final = 200
_LONGEST_EMAIL: Final = 254
_MOST_SCOPES: Final = 100
_FRESH_SECONDS: Final = 0.5
_MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """An account that is wanted. Without a password it is entered by keys or another provider's sign-in alone."""

    name: str
    role: Role = "member"
    email: str = ""
    password: str | None = None
    person: str | None = None  # key of the person whose twin is theirs
    knowledge_scopes: frozenset[str] | None = frozenset()


class UserDesk:
    """The accounts of one database."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        passwords: Passwords,
        removed: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        self._removed = removed
        self._database = database
        self._clock = clock
        self._audit = audit
        self._passwords = passwords
        self._changes = 0
        self._remembered: dict[str, tuple[float, Principal | None]] = {}

    async def ensure_admin(self, *, enable: bool = False) -> None:
        """See to it that the account of the administrator's token is there; `enable`: also if it was disabled."""
        async with self._changing() as session:
            found = await store.select_user(session, ADMIN)
            if found is None:
                user = User(
                    user_id=ADMIN, name=ADMIN, role="admin", knowledge_scopes=None, created_at=self._clock.now()
                )
                await store.insert_user(session, user, name_key=ADMIN, password_hash=None)
            elif enable and found.disabled_at is not None:
                await store.update_user(session, ADMIN, disabled_at=None)
                await self._audit.record("user_enabled", by=HOUSE, target=ADMIN, session=session)

    async def create(self, new: NewUser, *, by: Actor) -> User:
        """Make an account. Raises `InvalidAccountError`, `AccountTakenError`; then nothing was made."""
        user = User(
            user_id=new_id("user"),
            name=checked_name(new.name),
            email=_checked_email(new.email),
            role=_checked_role(new.role),
            has_password=new.password is not None,
            person=new.person,
            knowledge_scopes=_checked_scopes(new.knowledge_scopes),
            created_at=self._clock.now(),
        )
        password = None
        if new.password is not None:
            password = await self._passwords.hash(checked_password(new.password, name=user.name))
        async with self._changing() as session:
            await _check_free(session, name=user.name, person=user.person)
            await store.insert_user(session, user, name_key=name_key(user.name), password_hash=password)
            await self._audit.record("user_created", by=by, target=user.user_id, session=session, role=user.role)
        return user

    async def get(self, user_id: str) -> User:
        """One account; raises `UnknownUserError`."""
        async with self._database.read() as session:
            return _found(await store.select_user(session, user_id), user_id)

    async def list(self, *, limit: int | None = None, offset: int = 0) -> tuple[list[User], int]:
        """A page of accounts by name, and how many there are."""
        async with self._database.read() as session:
            return await store.select_users(session, limit=limit, offset=offset)

    async def principal(self, user_id: str | None) -> Principal | None:
        """What a user may do now, for whoever knows only the id; None for nobody, an unknown or a disabled one.

        It is asked several times a request, so that an answer is good for half a second. What is changed in this
        process holds at once.
        """
        if user_id is None:
            return None
        asked, changes = self._clock.monotonic(), self._changes
        remembered = self._remembered.get(user_id)
        if remembered is not None and asked - remembered[0] < _FRESH_SECONDS:
            return remembered[1]
        async with self._database.read() as session:
            user = await store.select_user(session, user_id)
        found = user.principal if user is not None and user.disabled_at is None else None
        if changes == self._changes:  # else what was read may be older than the change
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[user_id] = (asked, found)
        return found

    async def owner_of(self, person: str) -> User | None:
        """Whose the twin of this person (a key) is."""
        async with self._database.read() as session:
            found = await store.select_user_by(session, person=person)
        return found[0] if found else None

    async def change(self, user_id: str, changes: dict[str, Any], *, by: Actor) -> User:
        """Change name, email, role, person, knowledge_scopes or `disabled` (a bool) of an account, all or none.

        Raises `UnknownUserError`, `InvalidAccountError`, `AccountTakenError`, `LastAdminError`.
        """
        columns = _checked(changes)
        now = self._clock.now()
        async with self._changing() as session:
            user = _found(await store.select_user(session, user_id), user_id)
            if user_id == ADMIN and columns.keys() - {"disabled", "email", "person"}:
                raise InvalidAccountError(
                    "the account of the administrator's token keeps its name, role and scopes; make another account",
                    user_id=user_id,
                )
            disabled = columns.pop("disabled", None)
            if disabled is not None:
                columns["disabled_at"] = (user.disabled_at or now) if disabled else None
            if disabled or columns.get("role", user.role) != user.role:
                await self._keep_an_admin(session, user)
            await _check_free(session, name=columns.get("name"), person=columns.get("person"), but=user_id)
            if "name" in columns:
                columns["name_key"] = name_key(columns["name"])
            if columns:
                await store.update_user(session, user_id, **columns)
            if disabled:
                await store.end_sign_ins(session, at=now, user_id=user_id)
            for action, told in _told(user, columns, disabled=disabled):
                await self._audit.record(action, by=by, target=user_id, session=session, **told)
            return _found(await store.select_user(session, user_id), user_id)

    async def set_password(
        self, user_id: str, password: str, *, by: Actor, present: str | None = None, keep: str | None = None
    ) -> None:
        """Set a password and end the user's sign-ins, but for the one to `keep`.

        Who sets their own gives the `present` one, if there is one. Raises `UnknownUserError`, `WrongPasswordError`,
        `InvalidAccountError`.
        """
        user = await self.get(user_id)
        if user_id == ADMIN:
            raise InvalidAccountError(
                "the administrator's token is its own password; `folkmoot serve --new-token` makes another",
                user_id=user_id,
            )
        if by.user_id == user_id and user.has_password:
            async with self._database.read() as session:
                known = await store.select_password(session, user_id)
            if not await self._passwords.matches(known, present or ""):
                await self._audit.record("password_changed", by=by, target=user_id, ok=False)
                raise WrongPasswordError("this is not your present password", user_id=user_id)
        hashed = await self._passwords.hash(checked_password(password, name=user.name))
        async with self._changing() as session:
            await store.update_user(session, user_id, password_hash=hashed)
            await store.end_sign_ins(session, at=self._clock.now(), user_id=user_id, but=keep)
            await self._audit.record("password_changed", by=by, target=user_id, session=session)

    async def verify(self, name: str, password: str) -> User | None:
        """The user of this name if that is their password and they are not disabled; it always takes as long."""
        try:
            key = name_key(name)
        except InvalidAccountError:
            key = ""
        async with self._database.read() as session:
            found = await store.select_user_by(session, name_key=key)
        user, known = found or (None, None)
        fits = await self._passwords.matches(known, password)
        return user if fits and user is not None and user.disabled_at is None else None

    async def named(self, name: str) -> User | None:
        """The account of this name."""
        async with self._database.read() as session:
            found = await store.select_user_by(session, name_key=name_key(name))
        return found[0] if found else None

    async def remove(self, user_id: str, *, by: Actor) -> None:
        """Delete an account with its keys, sign-ins and files. Raises `UnknownUserError`, `LastAdminError`."""
        async with self._changing() as session:
            user = _found(await store.select_user(session, user_id), user_id)
            if user_id == ADMIN:
                raise LastAdminError("the account of the administrator's token cannot be removed; disable it instead")
            await self._keep_an_admin(session, user)
            await store.delete_user(session, user_id)
            await self._audit.record("user_removed", by=by, target=user_id, session=session, role=user.role)
            if self._removed is not None:  # within: if that fails, or the process ends, it is done again as a whole
                await self._removed(user_id)

    async def unlink(self, person: str) -> int:
        """A person (a key) was forgotten: nobody owns their twin any more. How many accounts that changed."""
        async with self._changing() as session:
            return await store.unlink_person(session, person)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[store.AsyncSession]:
        try:
            async with self._database.write() as session:
                yield session
        finally:
            self._changes += 1
            self._remembered.clear()

    async def _keep_an_admin(self, session: store.AsyncSession, user: User) -> None:
        if user.role == ADMIN and not await store.count_admins(session, without=user.user_id):
            raise LastAdminError(
                f"{user.name} is the last who may administer; give somebody else the role admin first",
                user_id=user.user_id,
            )


def checked_name(name: str) -> str:
    """The name with single blanks, or `InvalidAccountError`."""
    shown = " ".join(unicodedata.normalize("NFC", name).split())
    if not shown or len(shown) > _LONGEST_NAME or not shown.isprintable():
        raise InvalidAccountError(f"a user's name has 1 to {_LONGEST_NAME} printable characters", field="name")
    return shown


def name_key(name: str) -> str:
    """What a user is found by: case and blanks do not matter."""
    return unicodedata.normalize("NFKC", checked_name(name)).casefold()


def _checked_email(email: str) -> str:
    address = email.strip()
    if address and (len(address) > _LONGEST_EMAIL or not address.isprintable() or not _EMAIL.fullmatch(address)):
        raise InvalidAccountError(f"'{email[:60]}' is not an e-mail address", field="email")
    return address


def _checked_role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise InvalidAccountError(f"'{role[:60]}' is not a role; there are {', '.join(ROLES)}", field="role")


def _checked_scopes(scopes: Collection[str] | None) -> frozenset[str] | None:
    if scopes is None:
        return None
    wrong = next((one for one in scopes if not _SCOPE.fullmatch(one)), None)
    if wrong is not None or len(scopes) > _MOST_SCOPES:
        raise InvalidAccountError(
            f"'{(wrong or '')[:60]}' is not a scope of knowledge; it is a word such as marketing",
            field="knowledge_scopes",
        )
    return frozenset(scopes)


def _checked(changes: dict[str, Any]) -> dict[str, Any]:
    columns = dict(changes)
    if "name" in columns:
        columns["name"] = checked_name(columns["name"])
    if "email" in columns:
        columns["email"] = _checked_email(columns["email"] or "")
    if "role" in columns:
        columns["role"] = _checked_role(columns["role"])
    if "knowledge_scopes" in columns:
        scopes = _checked_scopes(columns["knowledge_scopes"])
        columns["knowledge_scopes"] = sorted(scopes) if scopes is not None else None
    return columns


async def _check_free(
    session: store.AsyncSession, *, name: str | None, person: str | None, but: str | None = None
) -> None:
    if name is not None:
        taken = await store.select_user_by(session, name_key=name_key(name))
        if taken is not None and taken[0].user_id != but:
            raise AccountTakenError(
                f"there is a user called {taken[0].name} already; choose another name", field="name"
            )
    if person is not None:
        taken = await store.select_user_by(session, person=person)
        if taken is not None and taken[0].user_id != but:
            raise AccountTakenError(
                f"the twin of {person} belongs to {taken[0].name} already; take it from them first", field="person"
            )


def _found(user: User | None, user_id: str) -> User:
    if user is None:
        raise UnknownUserError(f"there is no user {user_id}", user_id=user_id)
    return user


def _told(before: User, columns: dict[str, Any], *, disabled: bool | None) -> list[tuple[str, dict[str, Any]]]:
    """What of a change the audit is told: roles in full, the rest by name of the field alone."""
    lines: list[tuple[str, dict[str, Any]]] = []
    if columns.get("role", before.role) != before.role:
        lines.append(("role_changed", {"before": before.role, "role": columns["role"]}))
    if disabled is not None and disabled != (before.disabled_at is not None):
        lines.append(("user_disabled" if disabled else "user_enabled", {}))
    rest: list[Any] = sorted(columns.keys() - {"role", "disabled_at", "name_key"})
    if rest:
        lines.append(("user_changed", {"fields": rest}))
    return lines
