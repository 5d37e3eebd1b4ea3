"""What a registry promises, wherever it keeps what it knows: on the database (`on_database.py`), or on a Redis that
servers and hosts on many machines share (`on_redis`).

An agent is online while its host sends heartbeats. The promise is that a silent one is noticed within two
`heartbeat_interval`s: hosts send one per interval or more often, and `notice` announces who has been silent for one
and a half. Whoever asks in between sees the truth too: presence is worked out from the last heartbeat, not from what
was announced. Every change is told as an event (`events.py`), and nothing is told where nothing has changed.
"""

from collections.abc import AsyncGenerator, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from folkmoot.registry.model import AgentInfo, AgentRecord, RegistryStats
from folkmoot.registry.store import Transaction

HEARTBEAT: Final = timedelta(seconds=5)


class Registry(Protocol):
    """Who exists, who is online, who may be given work. It keeps messaging's `Directory` promise too (`fitting`)."""

    @property
    def heartbeat_interval(self) -> timedelta:
        """How often hosts are expected to send a heartbeat."""
        ...

    async def register(self, info: AgentInfo, *, new: bool = False, online: bool = True) -> AgentRecord:
        """Make an agent known, or say anew what a known one is; it counts as online from now, unless `online=False`.

        Availability, workload and what people chose survive. With `new` a known id raises `AgentExistsError`.
        """
        ...

    async def update(self, agent_id: str, changes: Mapping[str, Any]) -> AgentRecord:
        """Change fields of what an agent is. Raises `UnknownAgentError`, `BadAgentError`."""
        ...

    async def rename(self, agent_id: str, person_name: str) -> AgentRecord:
        """Call an agent by another name, also after a restart. Raises `UnknownAgentError`, `BadAgentError`."""
        ...

    async def deregister(self, agent_id: str) -> None:
        """Strike an agent off for good. Raises `UnknownAgentError`."""
        ...

    async def heartbeat(self, agent_ids: Collection[str], *, active: Collection[str] = ()) -> set[str]:
        """These agents live, and those in `active` had something to do; the ids that nobody knows (any more).

        One round trip for a thousand agents, unless one of them was offline before.
        """
        ...

    async def depart(self, agent_ids: Collection[str]) -> None:
        """These agents stop here: offline at once unless a replica of them lives elsewhere, and still known."""
        ...

    async def get(self, agent_id: str) -> AgentRecord:
        """One agent. Raises `UnknownAgentError`."""
        ...

    async def discover(
        self,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        intent: str | None = None,
        online_only: bool = False,
        type: str | None = None,  # noqa: A002  # the vocabulary's word
        viewer: str | None = None,
    ) -> list[AgentRecord]:
        """The agents that fit everything given, by id. Case does not count; a level of 0 is no capability.

        With a `viewer`, only those that it may see; without one, all: that is for the house itself.
        """
        ...

    async def fitting(self, selector: str, *, sender: str | None = None) -> list[str]:
        """Ids of online agents that people have not set offline, the least loaded first, equals in any order.

        `role:x`, `capability:x`, `department:x` or `everybody`; nobody for anything else. With a `sender`, only those
        that it may address.
        """
        ...

    async def may_address(self, sender: str, recipient: str) -> bool:
        """Whether an agent takes messages of `sender`, which may be no agent; as of half a second ago at most.

        Cheap enough to ask for each message. An id that nobody has may be addressed: its mail waits.
        """
        ...

    async def set_availability(
        self, agent_id: str, availability: str, *, max_capacity: int | None = None, until: datetime | None = None
    ) -> AgentRecord:
        """Say whether an agent may get work, and how many tasks at a time; after `until` it is available again.

        Raises `UnknownAgentError`, `BadAgentError`.
        """
        ...

    async def silence(self, agent_id: str, *, reason: str, by: str) -> AgentRecord:
        """Stop an agent: hosts that `follow_silences` cut it off within a second, and it stays so after a restart.

        Raises `UnknownAgentError`, `BadAgentError`.
        """
        ...

    async def unsilence(self, agent_id: str, *, by: str) -> AgentRecord:
        """Let an agent speak again; the mail that waited comes to it. Raises `UnknownAgentError`."""
        ...

    async def silenced(self) -> frozenset[str]:
        """The ids of agents that are silenced just now."""
        ...

    def follow_silences(self) -> AsyncGenerator[frozenset[str], None]:
        """Who is silenced: now, and again whenever that changes, in whichever process, without end."""
        ...

    async def set_workload(self, agent_id: str, workload: int, *, session: Transaction | None = None) -> None:
        """Say how many tasks an agent holds; one that is gone is passed over.

        With the caller's transaction: if and only if that commits, with it or right after. It is the number itself,
        not a difference, so that saying it twice or late does no harm.
        """
        ...

    async def get_registry_stats(self) -> RegistryStats:
        """Figures over all agents."""
        ...

    async def notice(self) -> list[AgentRecord]:
        """Announce whoever fell silent, and end availabilities that have run out; whose status changed.

        Servers call it twice per heartbeat. Each change is told of once, also among several servers.
        """
        ...
