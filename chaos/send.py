"""The producer: sends a round's messages, and sends again what it has no record of having had accepted.

A message is recorded after `publish` or `request` returned. Whoever was killed in between sends it a second time with
the same id, as the promise allows: one id is one message.
"""

import asyncio
from datetime import timedelta
from random import Random
from typing import Final

from chaos.brokers import message
from chaos.ground import SENDERS, Ground
from folkmoot.kernel import FolkmootError
from folkmoot.messaging import AgentMessage, Broker

# Sending takes about as long as handling, so that a kill finds both at work.
_LONGEST_PAUSE: Final = 0.03
_AGAIN: Final = 0.05
_PATIENCE: Final = timedelta(seconds=5)


async def send_all(broker: Broker, ground: Ground) -> None:
    """Return when every message of the round is accepted and every question answered."""
    done = {*ground.accepted.read()} - ({*ground.questions()} - {*ground.answered.read()})
    await asyncio.gather(*(_send(broker, ground, sender, done) for sender in range(SENDERS)))


async def _send(broker: Broker, ground: Ground, sender: int, done: set[str]) -> None:
    accepted, answered, random = ground.accepted, ground.answered, Random()
    for number in range(ground.messages):
        if ground.sender(number) != sender:
            continue
        message_id = ground.name(number)
        if message_id in done:
            continue
        await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))
        answer = await _until_accepted(broker, message(ground, number), asked=ground.asked(number))
        accepted.write(message_id)
        if answer is not None and answer.payload.data.get("of") == message_id:
            answered.write(message_id)


async def _until_accepted(broker: Broker, sent: AgentMessage, *, asked: bool) -> AgentMessage | None:
    while True:
        try:
            if asked:
                return await broker.request(sent, timeout=_PATIENCE)
            await broker.publish(sent)
        except FolkmootError:
            # Whether it was accepted is not known: the same again is the same message.
            await asyncio.sleep(_AGAIN)
        else:
            return None
