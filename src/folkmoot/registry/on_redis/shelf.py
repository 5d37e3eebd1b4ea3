"""Entries as they are read and written in Redis: the keys, and the scripts that keep them together.

Every key belongs to agents and goes with them; who is struck off leaves none. Only replicas of which nobody speaks any
more are forgotten by Redis itself.

    agents            hash: agent -> its text (`entry.py`)
    online            sorted set: agent -> newest heartbeat of its replicas, for those announced online
    seen              sorted set: agent -> last heartbeat ever
    active            hash: agent -> when it last had something to do
    replicas:<agent>  hash: replica -> its last heartbeat
    index:<set>       set of agents: `role:cso`, `capability:seo`, `is:silenced` … (`entry.index_of`)
    news              stream of events, read by servers (`folkmoot.events.relay`)
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final

from folkmoot.events import News
from folkmoot.events.relay import LONGEST, pack
from folkmoot.link import Keys, Link
from folkmoot.registry.on_redis.entry import Entry, from_text, index_of, microseconds, to_text

FORGOTTEN: Final = timedelta(days=1)
AT_ONCE: Final = 1000
_FORGOTTEN_MS: Final = int(FORGOTTEN.total_seconds() * 1000)


@dataclass(frozen=True, kw_only=True)
class Found:
    """An entry, and what was read of it, by which a change is held against what others changed meanwhile."""

    entry: Entry
    text: bytes
    online: bytes


class Shelf:
    """The entries of one registry. `replica` is this process, among those that host an agent."""

    def __init__(self, *, link: Link, keys: Keys, replica: str) -> None:
        self._link = link
        self._keys = keys
        self._replica = replica
        self._agents, self._online, self._seen, self._active, self._news = (
            keys.registry(part) for part in ("agents", "online", "seen", "active", "news")
        )
        folder = files("folkmoot.registry.on_redis.lua")
        self._scripts = {
            name: link.script(folder.joinpath(f"{name}.lua").read_text())
            for name in ("find", "keep", "beat", "arrive", "depart", "fall_silent")
        }

    async def find(
        self, sets: Iterable[str] = (), *, ids: Collection[str] = (), heard_after: datetime | None = None
    ) -> list[Found]:
        """Who is in all of these sets of the index, or has one of these ids; without both, everybody."""
        return await self._find(
            [self._index(one) for one in sets], [_score(heard_after), *ids] if ids else [_score(heard_after)]
        )

    async def find_one(self, agent_id: str) -> Found | None:
        """One agent, if there is one."""
        found = await self.find(ids=[agent_id])
        return found[0] if found else None

    async def find_ids(self, agent_ids: Sequence[str]) -> list[Found]:
        """These agents, as far as there are such."""
        found: list[Found] = []
        for start in range(0, len(agent_ids), AT_ONCE):
            found += await self.find(ids=agent_ids[start : start + AT_ONCE])
        return found

    async def members(self, one: str) -> frozenset[str]:
        """The ids in a set of the index."""
        with self._link.faults():
            members: Any = await self._link.client.smembers(self._index(one))
        return frozenset(member.decode() for member in members)

    async def keep(
        self,
        agent_id: str,
        before: Found | None,
        entry: Entry | None,
        news: Sequence[News],
        *,
        now: datetime,
        heartbeat: bool = False,
        active: bool = False,
    ) -> bool:
        """Write `entry` (None: strike it off) over what was read; False if it is to be read and computed again."""
        old = index_of(before.entry) if before else set()
        new = index_of(entry) if entry else set()
        leaves, joins = sorted(old - new), sorted(new - old)
        shelves = [self._agents, self._online, self._seen, self._active, self._replicas(agent_id), self._news]
        return bool(
            await self._run(
                "keep",
                [*shelves, *map(self._index, leaves), *map(self._index, joins)],
                [
                    agent_id,
                    before.text if before else b"",
                    to_text(entry) if entry else b"",
                    (before.online if before else b"") if heartbeat else b"*",
                    microseconds(now) if heartbeat else b"",
                    self._replica,
                    _FORGOTTEN_MS,
                    microseconds(now) if active else b"",
                    LONGEST,
                    len(leaves),
                    *(pack(one, now=now) for one in news),
                ],
            )
        )

    async def beat(
        self, agent_ids: Sequence[str], active: Collection[str], *, now: datetime, gone_since: datetime
    ) -> tuple[set[str], list[str]]:
        """One heartbeat for all: the ids that nobody knows, and those that were offline."""
        flags = [part for agent_id in agent_ids for part in (agent_id, "1" if agent_id in active else "")]
        unknown, back = await self._run(
            "beat",
            [self._agents, self._online, self._seen, self._active, *map(self._replicas, agent_ids)],
            [microseconds(now), self._replica, microseconds(gone_since), _FORGOTTEN_MS, *flags],
        )
        return {one.decode() for one in unknown}, [one.decode() for one in back]

    async def arrive(self, news: Sequence[News], *, now: datetime) -> None:
        """These are online again, and that is the news of each."""
        await self._run(
            "arrive",
            [self._agents, self._online, self._news],
            [microseconds(now), LONGEST, *_told(news, now)],
        )

    async def depart(self, news: Sequence[News], *, now: datetime, gone_since: datetime) -> None:
        """This replica of each lets go; the news is for those of which no other lives."""
        await self._run(
            "depart",
            [self._online, self._news, *(self._replicas(one.subject) for one in news)],
            [self._replica, microseconds(gone_since), LONGEST, *_told(news, now)],
        )

    async def silent(self, since: datetime) -> list[str]:
        """Who is announced online, and was not heard of since that moment."""
        with self._link.faults():
            found: Any = await self._link.client.zrangebyscore(self._online, "-inf", microseconds(since))
        return [one.decode() for one in found]

    async def fall_silent(self, news: Sequence[News], *, now: datetime, since: datetime) -> set[str]:
        """Announce that they are offline; whom nobody else has announced, or has heard of meanwhile."""
        gone = await self._run(
            "fall_silent",
            [self._online, self._news, *(self._replicas(one.subject) for one in news)],
            [microseconds(since), LONGEST, *_told(news, now)],
        )
        return {one.decode() for one in gone}

    async def _find(self, sets: Sequence[str], arguments: Sequence[Any]) -> list[Found]:
        flat = await self._run("find", [self._agents, self._online, self._seen, self._active, *sets], arguments)
        return [
            Found(
                entry=from_text(text, online=online, seen=seen, active=active),
                text=text,
                online=online,
            )
            for text, online, seen, active in zip(flat[::4], flat[1::4], flat[2::4], flat[3::4], strict=True)
        ]

    async def _run(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        with self._link.faults():
            return await self._scripts[script](keys=keys, args=arguments)

    def _index(self, one: str) -> str:
        return self._keys.registry(f"index:{one}")

    def _replicas(self, agent_id: str) -> str:
        return self._keys.registry(f"replicas:{agent_id}")


def _score(moment: datetime | None) -> int | bytes:
    return microseconds(moment) if moment is not None else b""


def _told(news: Sequence[News], now: datetime) -> list[str | bytes]:
    return [part for one in news for part in (one.subject, pack(one, now=now))]
