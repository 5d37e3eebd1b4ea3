"""Where shared memory is read and written: `set`, `get`, `list`, `delete`, and `change` for read-modify-write.

Concurrency is optimistic: every value has a version, and whoever writes with the version they read is refused if
somebody was quicker. Without a version the last one wins.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, JsonValue
from folkmoot.memory.errors import MemoryTooLargeError, StaleVersionError, UnknownMemoryError
from folkmoot.memory.shared.model import (
    SPACE_KEYS,
    WORKPLACE,
    Entry,
    MemoryScope,
    Place,
    checked_expiry,
    checked_place,
    checked_scope,
    checked_space,
    checked_value,
    default_scope,
)
from folkmoot.memory.shared.store import (
    Session,
    count_entries,
    delete_entry,
    delete_expired,
    delete_space,
    list_entries,
    owner_of,
    read_entry,
    take_space,
    write_entry,
)
from folkmoot.security import Principal
from folkmoot.storage import Database


class SharedMemory:
    """The shared memory of one database.

    `principal` None is the house itself: an agent that acts on nobody's behalf. It uses spaces that the house began;
    an administrator uses all. A space of somebody else is unknown to everybody but them.
    """

    def __init__(self, *, database: Database, clock: Clock, events: EventLog) -> None:
        self._database = database
        self._clock = clock
        self._events = events

    async def set(
        self,
        space_id: str,
        key: str,
        value: Any,
        *,
        principal: Principal | None,
        scope: MemoryScope | str | None = None,
        agent_id: str | None = None,
        version: int | None = None,
        expires_in: timedelta | None = None,
    ) -> Entry:
        """Write a value; `version` is the one it must have now, 0 for none, None for whichever.

        Raises `StaleVersionError`, `InvalidMemoryError`, `MemoryTooLargeError`, and `UnknownMemoryError` for somebody
        else's space.
        """
        place = checked_place(space_id, key, scope=scope, agent_id=agent_id)
        kept = checked_value(value)
        now = self._clock.now()
        expires_at = checked_expiry(expires_in, now)
        async with self._database.write() as session:
            await take_space(session, place.space_id, user_id=_user(principal), now=now)
            await self._enter(session, place.space_id, principal, lock=True)
            return await self._write(session, place, kept, version, principal, agent_id, expires_at)

    async def get(
        self,
        space_id: str,
        key: str,
        *,
        principal: Principal | None,
        scope: MemoryScope | str | None = None,
        agent_id: str | None = None,
    ) -> Entry:
        """A value; without a scope the agent's own before the conversation's and the workflow's.

        Raises `UnknownMemoryError`.
        """
        now = self._clock.now()
        async with self._database.read() as session:
            await self._enter(session, checked_space(space_id), principal)
            for seen in _looked_at(space_id, scope, agent_id):
                place = checked_place(space_id, key, scope=seen, agent_id=agent_id)
                if (found := await read_entry(session, place, now=now)) is not None:
                    return found
        raise _unknown(space_id, key)

    async def list(
        self,
        space_id: str,
        *,
        principal: Principal | None,
        scope: MemoryScope | str | None = None,
        agent_id: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[Entry], int]:
        """One page of a space's values by key, and how many there are. An agent does not see what is another's alone.

        Raises `UnknownMemoryError` for a space that is not there.
        """
        scopes = None if scope is None else [checked_scope(scope)]
        async with self._database.read() as session:
            await self._enter(session, checked_space(space_id), principal)
            return await list_entries(
                session,
                space_id,
                scopes=scopes,
                agent_id=agent_id,
                now=self._clock.now(),
                limit=limit,
                offset=offset,
            )

    async def delete(
        self,
        space_id: str,
        key: str,
        *,
        principal: Principal | None,
        scope: MemoryScope | str | None = None,
        agent_id: str | None = None,
        version: int | None = None,
    ) -> None:
        """Delete a value. Raises `UnknownMemoryError`, and `StaleVersionError` if it has another version."""
        found = await self.get(space_id, key, principal=principal, scope=scope, agent_id=agent_id)
        place = checked_place(space_id, key, scope=found.scope, agent_id=agent_id)
        now = self._clock.now()
        async with self._database.write() as session:
            await self._enter(session, space_id, principal, lock=True)
            if not await delete_entry(session, place, expected=version, now=now):
                there = await read_entry(session, place, now=now)
                raise _stale(key, version, there.version) if there else _unknown(space_id, key)
            await self._tell(session, "memory_deleted", place, _user(principal), found.version)

    async def clear(self, space_id: str, *, principal: Principal | None) -> int:
        """Delete a whole space; how many values that were. Raises `UnknownMemoryError`.

        What everybody shares is cleared by an administrator alone: to others it is not a space that they could clear.
        """
        if space_id == WORKPLACE and not (principal is not None and principal.is_admin):
            raise _unknown(space_id)
        async with self._database.write() as session:
            await self._enter(session, checked_space(space_id), principal, lock=True)
            return await delete_space(session, space_id)

    async def change(
        self,
        space_id: str,
        key: str,
        act: Callable[[JsonValue], Any],
        *,
        principal: Principal | None,
        scope: MemoryScope | str | None = None,
        agent_id: str | None = None,
    ) -> Entry:
        """Write what `act` makes of the value there is, None for none; nobody else gets in between.

        Raises as `set` does.
        """
        place = checked_place(space_id, key, scope=scope, agent_id=agent_id)
        now = self._clock.now()
        async with self._database.write() as session:
            await take_space(session, place.space_id, user_id=_user(principal), now=now)
            await self._enter(session, place.space_id, principal, lock=True)
            there = await read_entry(session, place, now=now)
            kept = checked_value(act(there.value if there else None))
            version, expires_at = (there.version, there.expires_at) if there else (0, None)
            return await self._write(session, place, kept, version, principal, agent_id, expires_at)

    async def expire(self) -> int:
        """Delete what has expired; how many values that were."""
        async with self._database.write() as session:
            return await delete_expired(session, self._clock.now())

    async def _write(
        self,
        session: Session,
        place: Place,
        value: JsonValue,
        version: int | None,
        principal: Principal | None,
        agent_id: str | None,
        expires_at: datetime | None,
    ) -> Entry:
        """Write in a space that was entered."""
        now = self._clock.now()
        by = agent_id or (principal.name if principal else "the workplace")
        written = await write_entry(
            session,
            place,
            value=value,
            expected=version,
            user_id=_user(principal),
            by=by[:200],
            now=now,
            expires_at=expires_at,
        )
        if written is None:
            there = await read_entry(session, place, now=now)
            raise _stale(place.key, version, there.version if there else 0)
        if written.version == 1 and await count_entries(session, place.space_id) > SPACE_KEYS:
            raise MemoryTooLargeError(
                f"'{place.space_id}' holds {SPACE_KEYS} keys already; delete some, or put several values under one key",
                keys=SPACE_KEYS,
            )
        await self._tell(session, "memory_set", place, _user(principal), written.version)
        return written

    async def _enter(self, session: Session, space_id: str, principal: Principal | None, *, lock: bool = False) -> None:
        """Raise `UnknownMemoryError` unless the space is there and may be used."""
        if space_id == WORKPLACE:
            return
        there, owner = await owner_of(session, space_id, lock=lock)
        mine = principal is not None and (principal.is_admin or owner == principal.user_id)
        if not there or not (mine or (principal is None and owner is None)):
            raise _unknown(space_id)

    async def _tell(self, session: Session, what: str, place: Place, user_id: str | None, version: int) -> None:
        # Not the value: events are kept longer and read by more.
        data = {
            "space_id": place.space_id,
            "key": place.key,
            "scope": place.scope.value,
            "version": version,
            "user_id": user_id,
        }
        await self._events.record(session, what, place.space_id, data)


def _user(principal: Principal | None) -> str | None:
    return principal.user_id if principal else None


def _looked_at(space_id: str, scope: MemoryScope | str | None, agent_id: str | None) -> list[MemoryScope]:
    if scope is not None:
        return [checked_scope(scope)]
    shared = default_scope(space_id)
    if shared is MemoryScope.WORKPLACE:
        return [shared]
    return [*([MemoryScope.AGENT] if agent_id else []), shared, MemoryScope.WORKFLOW]


def _stale(key: str, expected: int | None, there: int) -> StaleVersionError:
    now = f"it has version {there}" if there else "it is not there"
    wanted = f"not {expected}" if expected else "and there should be none"
    return StaleVersionError(
        f"'{key}' was changed meanwhile: {now}, {wanted}; read it and try again",
        key=key,
        version=there,
        expected=expected,
    )


def _unknown(space_id: str, key: str | None = None) -> UnknownMemoryError:
    what = f"'{key[:60]}' in '{space_id[:60]}'" if key else f"'{space_id[:60]}'"
    return UnknownMemoryError(f"there is no shared memory {what}", space_id=space_id[:200])
