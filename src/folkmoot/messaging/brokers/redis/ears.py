"""What this process hears from the others: new mail in the mailboxes it serves, and ends of messages it asked with.

Channels lose what is told while the connection is broken; after each new connection everything is looked at.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from redis import exceptions as fault

from folkmoot.kernel import cancel_and_wait
from folkmoot.link import Link
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
_AGAIN_SECONDS: Final = 0.2

Hear = Callable[[bytes], None]


class Ears:
    """One connection that listens. `again` is called after each new one, when something may have been missed."""

    def __init__(self, *, link: Link, again: Callable[[], None]) -> None:
        self._again = again
        self._client = link.listener()
        self._pubsub: Any = self._client.pubsub(ignore_subscribe_messages=True)
        self._hearing: dict[bytes, Hear] = {}
        self._listening: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    async def listen(self, channel: str, hear: Hear) -> None:
        """Call `hear` with what is told on a channel."""
        self._hearing[channel.encode()] = hear
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="folkmoot-ears")
        async with self._changing:
            try:
                await self._client.initialize()
                await self._pubsub.subscribe(channel)
            except (fault.RedisError, OSError) as error:
                # The listening task subscribes to all as soon as there is a connection.
                _log.debug("not_listening_yet", channel=channel, error=str(error))

    async def leave(self, channel: str) -> None:
        """Listen to a channel no more."""
        self._hearing.pop(channel.encode(), None)
        async with self._changing:
            try:
                await self._pubsub.unsubscribe(channel)
            except (fault.RedisError, OSError) as error:
                _log.debug("not_unsubscribed", channel=channel, error=str(error))

    async def close(self) -> None:
        """Hear nothing more."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await cancel_and_wait(listening)
        await self._pubsub.aclose()
        await self._client.aclose()

    async def _connect_anew(self) -> None:
        """Listen to all of it on a new connection; in a Cluster to another node, if the one before is gone."""
        async with self._changing:
            await self._pubsub.aclose()
            await self._client.aclose()
            self._pubsub = self._client.pubsub(ignore_subscribe_messages=True)
            await self._client.initialize()
            if self._hearing:
                await self._pubsub.subscribe(*self._hearing)

    async def _listen(self) -> None:
        broken = False
        while True:
            try:
                if broken:
                    await self._connect_anew()
                    broken = False
                    self._again()
                if not self._pubsub.subscribed:
                    await asyncio.sleep(_AGAIN_SECONDS / 10)
                    continue
                told = await self._pubsub.get_message(timeout=None)
            except (fault.RedisError, OSError, RuntimeError) as error:
                if not broken:
                    _log.warning("redis_not_heard", error=str(error))
                broken = True
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            if told is not None and told["type"] == "message":
                hear = self._hearing.get(told["channel"])
                if hear is None:
                    continue
                try:
                    hear(told["data"])
                except Exception:  # noqa: BLE001  # what one cannot understand must not deafen the others; it is logged
                    _log.exception("not_understood", channel=told["channel"].decode(errors="replace"))
