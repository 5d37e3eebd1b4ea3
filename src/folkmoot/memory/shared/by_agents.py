"""Shared memory as an agent uses it: for the user it acts for, seeing what is its own alone and what is shared."""

from datetime import timedelta
from typing import Any, Protocol

from folkmoot.memory.errors import ReadOnlyMemoryError, UnknownMemoryError
from folkmoot.memory.shared.desk import SharedMemory
from folkmoot.memory.shared.model import Entry, MemoryScope
from folkmoot.security import Principal


class Askers(Protocol):
    """Who the people of this workplace are (`folkmoot.security.UserDesk`)."""

    async def principal(self, user_id: str | None) -> Principal | None:
        """What a user may do now; None for nobody, an unknown or a disabled one."""
        ...


class AgentsMemory:
    """The shared memory for agents. `user_id` None is the house itself; an agent may do no more than its user."""

    def __init__(self, *, shared: SharedMemory, people: Askers) -> None:
        self._shared = shared
        self._people = people

    async def set(
        self,
        space_id: str,
        key: str,
        value: Any,
        *,
        agent_id: str,
        user_id: str | None,
        scope: MemoryScope | str | None = None,
        version: int | None = None,
        expires_in: timedelta | None = None,
    ) -> Entry:
        """Write a value. Raises as `SharedMemory.set`, and `ReadOnlyMemoryError` where the user may change nothing."""
        principal = await self._asker(space_id, user_id)
        _check_may_change(principal)
        return await self._shared.set(
            space_id,
            key,
            value,
            principal=principal,
            scope=scope,
            agent_id=agent_id,
            version=version,
            expires_in=expires_in,
        )

    async def get(
        self, space_id: str, key: str, *, agent_id: str, user_id: str | None, scope: MemoryScope | str | None = None
    ) -> Entry:
        """A value. Raises `UnknownMemoryError`."""
        principal = await self._asker(space_id, user_id)
        return await self._shared.get(space_id, key, principal=principal, scope=scope, agent_id=agent_id)

    async def list(self, space_id: str, *, agent_id: str, user_id: str | None) -> list[Entry]:
        """Every value of a space that the agent sees, by key. Raises `UnknownMemoryError`."""
        principal = await self._asker(space_id, user_id)
        found, _ = await self._shared.list(space_id, principal=principal, agent_id=agent_id, limit=2000)
        return found

    async def delete(
        self,
        space_id: str,
        key: str,
        *,
        agent_id: str,
        user_id: str | None,
        scope: MemoryScope | str | None = None,
        version: int | None = None,
    ) -> None:
        """Delete a value. Raises as `SharedMemory.delete`, and `ReadOnlyMemoryError`."""
        principal = await self._asker(space_id, user_id)
        _check_may_change(principal)
        await self._shared.delete(space_id, key, principal=principal, scope=scope, agent_id=agent_id, version=version)

    async def _asker(self, space_id: str, user_id: str | None) -> Principal | None:
        if user_id is None:
            return None
        principal = await self._people.principal(user_id)
        if principal is None:
            raise UnknownMemoryError(f"there is no shared memory '{space_id[:60]}'", space_id=space_id[:200])
        return principal


def _check_may_change(principal: Principal | None) -> None:
    if principal is not None and principal.role == "viewer":
        raise ReadOnlyMemoryError(f"{principal.name} is a viewer: nothing is changed on their behalf")
