"""The agents of a round: each writes its effect where it can be counted, and leaves time to be killed in.

Both write into `begun` first. `keeper` then commits its effect in the transaction that its delivery gives, which is
where exactly once is promised; `plain` appends to a file, which is at least once.
"""

import asyncio
from random import Random
from typing import Any, Final

from sqlalchemy import text

from chaos.ground import Ground
from folkmoot.messaging import Delivery, Handler
from folkmoot.messaging.errors import AlreadyHandledError

_LONGEST_WORK: Final = 0.004


def keeper(ground: Ground) -> Handler:
    """A handler whose effect is in its transaction."""
    begun, spared, random = ground.begun, ground.spared, Random()

    async def handle(delivery: Delivery) -> dict[str, Any]:
        message_id = delivery.message.message_id
        begun.write(message_id)
        await asyncio.sleep(random.uniform(0, _LONGEST_WORK))
        reply = {"of": message_id}
        try:
            async with delivery.transaction(reply) as session:
                await session.execute(text("INSERT INTO effects VALUES (:id)"), {"id": message_id})
        except AlreadyHandledError:
            spared.write(message_id)
            raise
        # Committed and not yet acknowledged: who is killed here gets the message again.
        await asyncio.sleep(random.uniform(0, _LONGEST_WORK))
        return reply

    return handle


def plain(ground: Ground) -> Handler:
    """A handler whose effect is outside of any transaction."""
    begun, effects, random = ground.begun, ground.plain_effects, Random()

    async def handle(delivery: Delivery) -> dict[str, Any]:
        message_id = delivery.message.message_id
        begun.write(message_id)
        await asyncio.sleep(random.uniform(0, _LONGEST_WORK))
        effects.write(message_id)
        await asyncio.sleep(random.uniform(0, _LONGEST_WORK))
        return {"of": message_id}

    return handle
