"""Which messages there are to an agent, from an agent, of a conversation, and at all: by their position.

Lists are brought up to date some thousands of messages at a time and before they are read: doing so with every send
would cost as much as the send. What waits to be listed is set aside under a name of its own first, so that several
processes may list at once and none loses a line.
"""

import uuid
from collections.abc import Sequence
from typing import Any, Final

import orjson

from folkmoot.link import Pipe
from folkmoot.messaging.brokers.redis.names import Names

_MANY: Final = 10_000
Place = tuple[int, str, str]
"""A position, the mailbox, the message's id."""


class Lists:
    """Sorted sets of `<agent> <id>` by position."""

    def __init__(self, *, pipe: Pipe, names: Names) -> None:
        self._pipe = pipe
        self._names = names

    async def page(self, lists: Sequence[str], before: int | None, limit: int) -> tuple[list[Place], int | None]:
        """The newest `limit` of some lists below a position, and where to go on; None at the end."""
        top = "+inf" if before is None else f"({before}"
        answers = await self._pipe.ask(
            [("ZRANGE", name, top, "-inf", "BYSCORE", "REV", "LIMIT", 0, limit, "WITHSCORES") for name in lists]
        )
        seen: dict[bytes, int] = {}
        for answer in answers:
            for member, score in pairs(answer):
                seen[member] = int(score)
        newest = sorted(seen.items(), key=lambda pair: -pair[1])[:limit]
        page = []
        for member, position in newest:
            agent, _, message_id = member.decode().partition(" ")
            page.append((position, agent, message_id))
        return page, page[-1][0] if len(page) == limit else None

    async def bring_up(self) -> None:
        """Bring the lists up to date."""
        names, mark = self._names, uuid.uuid4().hex
        if await self._pipe.one("EXISTS", names.new):
            # Told of first: whoever comes next finds what a process left that died in between.
            await self._pipe.ask([("SADD", names.parts, mark), ("RENAMENX", names.new, names.part(mark))])
        for part in await self._pipe.one("SMEMBERS", names.parts):
            await self._list(part.decode())

    async def _list(self, mark: str) -> None:
        names = self._names
        place = 0
        while True:
            lines = await self._pipe.one("LRANGE", names.part(mark), place, place + _MANY - 1)
            if not lines:
                break
            place += len(lines)
            lists: dict[str, list[str | int]] = {}
            for line in lines:
                position, agent, sender, conversation, message_id = orjson.loads(line)
                for name in (names.all, names.to(agent), names.sent_by(sender), names.conversation(conversation)):
                    lists.setdefault(name, []).extend((position, f"{agent} {message_id}"))
            await self._pipe.ask(
                [
                    ("ZADD", name, "NX", *entries[start : start + 1000])
                    for name, entries in lists.items()
                    for start in range(0, len(entries), 1000)
                ]
            )
        await self._pipe.ask([("DEL", names.part(mark)), ("SREM", names.parts, mark)])

    async def forget(
        self, agent: str, ids: Sequence[str], senders: Sequence[str], conversations: Sequence[str]
    ) -> None:
        """Strike messages off every list, and their ids."""
        names = self._names
        lists: dict[str, list[str]] = {}
        for message_id, sender, conversation in zip(ids, senders, conversations, strict=True):
            member = f"{agent} {message_id}"
            of_it = (names.sent_by(sender), names.conversation(conversation))
            for name in (names.all, names.to(agent), *of_it):
                lists.setdefault(name, []).append(member)
        await self._pipe.ask([("ZREM", name, *members) for name, members in lists.items()])
        await self._pipe.ask([("DEL", names.claim(message_id)) for message_id in ids])


def pairs(answer: Any) -> list[tuple[bytes, float]]:
    """Members with their scores: RESP3 gives pairs, RESP2 a flat list."""
    if answer and isinstance(answer[0], list):
        return [(member, float(score)) for member, score in answer]
    return [(answer[place], float(answer[place + 1])) for place in range(0, len(answer), 2)]
