"""What the security room reads and writes; every function works within the caller's session."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.security.model import ADMIN, ApiKey, Role, SignIn, User
from folkmoot.security.tables import AccessTokenRow, ApiKeyRow, AuditRow, SignInRow, UsedTokenRow, UserRow
from folkmoot.storage import Database

__all__ = ["AsyncSession"]  # the acts of this room name the session they hand through


class TokenStore:
    """Hashes of the tokens that open the API, by the name of their holder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hashes(self) -> dict[str, tuple[str, str]]:
        """Name → (role, argon2 hash)."""
        async with self._database.read() as session:
            rows = (await session.scalars(select(AccessTokenRow))).all()
        return {row.name: (row.role, row.token_hash) for row in rows}

    async def put(self, *, name: str, role: str, token_hash: str, at: datetime) -> None:
        """Set the token of `name`; an earlier one stops working, and what was signed in with it ends."""
        async with self._database.write() as session:
            await session.merge(AccessTokenRow(name=name, role=role, token_hash=token_hash, created_at=at))
            await end_sign_ins(session, at=at, user_id=name, via="token")


# Users


async def insert_user(session: AsyncSession, user: User, *, name_key: str, password_hash: str | None) -> None:
    """Store a new user."""
    scopes = sorted(user.knowledge_scopes) if user.knowledge_scopes is not None else None
    session.add(
        UserRow(
            user_id=user.user_id,
            name=user.name,
            name_key=name_key,
            email=user.email,
            role=user.role,
            password_hash=password_hash,
            person=user.person,
            knowledge_scopes=scopes,
            disabled_at=user.disabled_at,
            created_at=user.created_at,
        )
    )
    await session.flush()


async def update_user(session: AsyncSession, user_id: str, **columns: Any) -> None:
    """Change columns of a user."""
    await session.execute(update(UserRow).where(UserRow.user_id == user_id).values(**columns))


async def delete_user(session: AsyncSession, user_id: str) -> None:
    """Delete a user with their keys and sign-ins."""
    await session.execute(delete(UserRow).where(UserRow.user_id == user_id))


async def select_user(session: AsyncSession, user_id: str) -> User | None:
    row = await session.get(UserRow, user_id)
    return _user(row) if row else None


async def select_user_by(
    session: AsyncSession, *, name_key: str | None = None, person: str | None = None
) -> tuple[User, str | None] | None:
    """A user and their password's hash, by name or by the person whose twin is theirs."""
    query = select(UserRow).where(UserRow.name_key == name_key if name_key is not None else UserRow.person == person)
    row = (await session.scalars(query)).one_or_none()
    return (_user(row), row.password_hash) if row else None


async def select_password(session: AsyncSession, user_id: str) -> str | None:
    return await session.scalar(select(UserRow.password_hash).where(UserRow.user_id == user_id))


async def select_users(session: AsyncSession, *, limit: int | None = None, offset: int = 0) -> tuple[list[User], int]:
    """A page of users by name, and how many there are."""
    total = (await session.execute(select(func.count()).select_from(UserRow))).scalar_one()
    rows = await session.scalars(select(UserRow).order_by(UserRow.name_key).limit(limit).offset(offset))
    return [_user(row) for row in rows], total


async def count_admins(session: AsyncSession, *, without: str) -> int:
    """How many others may administer."""
    query = select(func.count()).where(UserRow.role == ADMIN, UserRow.disabled_at.is_(None), UserRow.user_id != without)
    return (await session.execute(query)).scalar_one()


async def unlink_person(session: AsyncSession, person: str) -> int:
    """Take a person's twin from whoever owns it; how many users that were."""
    return await _changed(session, update(UserRow).where(UserRow.person == person).values(person=None))


# Keys


async def insert_key(session: AsyncSession, key: ApiKey, *, salt: bytes, digest: bytes) -> None:
    scopes = sorted(key.scopes) if key.scopes is not None else None
    session.add(
        ApiKeyRow(
            key_id=key.key_id,
            user_id=key.user_id,
            name=key.name,
            salt=salt,
            digest=digest,
            scopes=scopes,
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )
    await session.flush()


async def select_key(session: AsyncSession, key_id: str) -> tuple[ApiKey, bytes, bytes, User] | None:
    """A key with salt, digest and its user."""
    query = select(ApiKeyRow, UserRow).join(UserRow, UserRow.user_id == ApiKeyRow.user_id)
    found = (await session.execute(query.where(ApiKeyRow.key_id == key_id))).one_or_none()
    if found is None:
        return None
    key, user = found
    return _key(key), key.salt, key.digest, _user(user)


async def select_keys(
    session: AsyncSession, *, user_id: str | None = None, limit: int | None = None, offset: int = 0
) -> tuple[list[ApiKey], int]:
    """A page of keys, the newest first, and how many fit in all."""
    query = select(ApiKeyRow)
    if user_id is not None:
        query = query.where(ApiKeyRow.user_id == user_id)
    total = (await session.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
    rows = await session.scalars(
        query.order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.key_id).limit(limit).offset(offset)
    )
    return [_key(row) for row in rows], total


async def mark_used(session: AsyncSession, key_id: str, at: datetime) -> None:
    await session.execute(update(ApiKeyRow).where(ApiKeyRow.key_id == key_id).values(last_used_at=at))


async def delete_keys(session: AsyncSession, *, key_id: str | None = None, user_id: str | None = None) -> int:
    """Delete one key, or all of a user; what was signed in with it ends too."""
    fits = ApiKeyRow.key_id == key_id if key_id is not None else ApiKeyRow.user_id == user_id
    return await _changed(session, delete(ApiKeyRow).where(fits))


# Sign-ins


async def insert_sign_in(session: AsyncSession, one: SignIn) -> None:
    session.add(SignInRow(**{name: getattr(one, name) for name in one.__dataclass_fields__}))
    await session.flush()


async def select_sign_in(session: AsyncSession, session_id: str) -> tuple[SignIn, User, ApiKey | None] | None:
    """A sign-in with its user, and the key it was opened with."""
    query = (
        select(SignInRow, UserRow, ApiKeyRow)
        .join(UserRow, UserRow.user_id == SignInRow.user_id)
        .outerjoin(ApiKeyRow, ApiKeyRow.key_id == SignInRow.key_id)
    )
    found = (await session.execute(query.where(SignInRow.session_id == session_id))).one_or_none()
    if found is None:
        return None
    row, user = found[0], found[1]
    key: ApiKeyRow | None = found[2]
    one = SignIn(**{name: getattr(row, name) for name in SignIn.__dataclass_fields__})
    return one, _user(user), _key(key) if key is not None else None


async def advance(session: AsyncSession, session_id: str, *, generation: int, expires_at: datetime) -> bool:
    """Count the generation up from `generation`; False if it is another one by now, or the sign-in has ended."""
    statement = update(SignInRow).where(
        SignInRow.session_id == session_id, SignInRow.generation == generation, SignInRow.revoked_at.is_(None)
    )
    return bool(await _changed(session, statement.values(generation=generation + 1, expires_at=expires_at)))


async def end_sign_ins(
    session: AsyncSession,
    *,
    at: datetime,
    session_id: str | None = None,
    user_id: str | None = None,
    via: str | None = None,
    but: str | None = None,
) -> int:
    """End one sign-in, or all of a user (those `via` something, all `but` one); how many were open."""
    fits = SignInRow.session_id == session_id if session_id is not None else SignInRow.user_id == user_id
    statement = update(SignInRow).where(fits, SignInRow.revoked_at.is_(None))
    if via is not None:
        statement = statement.where(SignInRow.via == via)
    if but is not None:
        statement = statement.where(SignInRow.session_id != but)
    return await _changed(session, statement.values(revoked_at=at))


async def use_token(session: AsyncSession, token_id: str, *, expires_at: datetime) -> bool:
    """Note that a token was used; False if it was used before, be it in the same moment by another server."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(UsedTokenRow).values(token_id=token_id, expires_at=expires_at)
    return bool(await _changed(session, statement.on_conflict_do_nothing()))


async def delete_stale(session: AsyncSession, *, now: datetime, ended_before: datetime) -> int:
    """Delete used tokens that have expired, keys' and sign-ins' rows that ended long ago; how many."""
    gone = await _changed(session, delete(UsedTokenRow).where(UsedTokenRow.expires_at < now))
    ended = or_(SignInRow.expires_at < ended_before, SignInRow.revoked_at < ended_before)
    return gone + await _changed(session, delete(SignInRow).where(ended))


# Audit


async def insert_audit(session: AsyncSession, **columns: Any) -> None:
    session.add(AuditRow(**columns))
    await session.flush()


async def select_audit(
    session: AsyncSession,
    *,
    actions: Collection[str] = (),
    user_id: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[AuditRow], int]:
    """A page of the audit, the newest first, and how many lines fit in all."""
    query = select(AuditRow)
    if actions:
        query = query.where(AuditRow.action.in_(actions))
    if user_id is not None:
        query = query.where(AuditRow.user_id == user_id)
    if since is not None:
        query = query.where(AuditRow.at >= since)
    total = (await session.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
    rows = await session.scalars(query.order_by(AuditRow.id.desc()).limit(limit).offset(offset))
    return list(rows), total


async def _changed(session: AsyncSession, statement: Any) -> int:
    result = cast("CursorResult[Any]", await session.execute(statement))
    return result.rowcount


def _user(row: UserRow) -> User:
    scopes = row.knowledge_scopes
    return User(
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        role=cast(Role, row.role),
        has_password=row.password_hash is not None,
        person=row.person,
        knowledge_scopes=frozenset(scopes) if scopes is not None else None,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
    )


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        user_id=row.user_id,
        name=row.name,
        scopes=frozenset(row.scopes) if row.scopes is not None else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
