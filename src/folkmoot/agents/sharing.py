"""What an agent shares with others by key: `set_shared_memory`, `get_shared_memory` and their kin (SPEC D4).

The space is the conversation of the message in hand unless another is named; whose it is, and who sees what in it, is
the business of `folkmoot.memory.shared`.
"""

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Any

from folkmoot.agents.behalf import in_hand
from folkmoot.agents.context import AgentContext
from folkmoot.agents.errors import InvalidRequestError
from folkmoot.memory.errors import UnknownMemoryError
from folkmoot.memory.shared import AgentsMemory, Entry, MemoryScope


class Sharing(ABC):
    """The part of an agent that shares."""

    @property
    @abstractmethod
    def agent_id(self) -> str:
        """Who shares."""

    @property
    @abstractmethod
    def context(self) -> AgentContext:
        """The parts of the workplace."""

    async def set_shared_memory(
        self,
        key: str,
        value: Any,
        *,
        space_id: str | None = None,
        scope: MemoryScope | str | None = None,
        version: int | None = None,
        expires_in: timedelta | None = None,
    ) -> Entry:
        """Share a JSON value; with `scope="agent"` keep it for oneself. `version`: the one it must have, 0 for none.

        Raises `StaleVersionError` if somebody was quicker, `InvalidMemoryError`, `MemoryTooLargeError`.
        """
        return await self._memory.set(
            self._space(space_id),
            key,
            value,
            agent_id=self.agent_id,
            user_id=self._user,
            scope=scope,
            version=version,
            expires_in=expires_in,
        )

    async def get_shared_memory(
        self, key: str, default: Any = None, *, space_id: str | None = None, scope: MemoryScope | str | None = None
    ) -> Any:
        """A shared value, `default` if there is none; the agent's own before the conversation's."""
        try:
            return (await self.shared_entry(key, space_id=space_id, scope=scope)).value
        except UnknownMemoryError:
            return default

    async def shared_entry(
        self, key: str, *, space_id: str | None = None, scope: MemoryScope | str | None = None
    ) -> Entry:
        """A shared value with its version. Raises `UnknownMemoryError`."""
        return await self._memory.get(
            self._space(space_id), key, agent_id=self.agent_id, user_id=self._user, scope=scope
        )

    async def list_shared_memory(self, *, space_id: str | None = None) -> list[Entry]:
        """What this agent sees of a space; empty where nobody shared anything yet."""
        try:
            return await self._memory.list(self._space(space_id), agent_id=self.agent_id, user_id=self._user)
        except UnknownMemoryError:
            return []

    async def delete_shared_memory(
        self,
        key: str,
        *,
        space_id: str | None = None,
        scope: MemoryScope | str | None = None,
        version: int | None = None,
    ) -> None:
        """Delete a shared value. Raises `UnknownMemoryError`, `StaleVersionError`."""
        await self._memory.delete(
            self._space(space_id), key, agent_id=self.agent_id, user_id=self._user, scope=scope, version=version
        )

    @property
    def _memory(self) -> AgentsMemory:
        shared = self.context.shared
        if shared is None:
            raise InvalidRequestError("this workplace has no shared memory; give AgentContext one", field="shared")
        return shared

    @property
    def _user(self) -> str | None:
        now = in_hand()
        return now.user_id if now else None

    def _space(self, space_id: str | None) -> str:
        now = in_hand()
        if space_id is not None:
            return space_id
        if now is None or not now.message.conversation_id:
            raise InvalidRequestError("name the space: no message is in hand whose conversation it could be")
        return now.message.conversation_id
