"""Permissions as they meet whoever sends: refused by id, passed over in a group, and answered all the same."""

from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.messaging import AgentMessage, Delivery
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.errors import NobodyFitsError, NotReachableError
from folkmoot.messaging.middleware import Expiry, Retry
from folkmoot.messaging.middleware.permit import Permit
from folkmoot.messaging.store import Inbox
from tests.registry.rigs import Rig, agent

PATIENCE = timedelta(seconds=20)


def letter(sender: str, recipient: str) -> AgentMessage:
    return AgentMessage(sender_id=sender, recipient_id=recipient, intent="chat")


async def answer(delivery: Delivery) -> dict[str, str]:
    return {"from": delivery.message.recipient_id}


async def test_mail_goes_where_it_may(rig: Rig, tmp_path: Path) -> None:
    registry = rig.registry
    await registry.register(agent("vault", role="archive", reachable_by=["role:clerk"]))
    await registry.register(agent("clerk", role="clerk"))
    broker = EmbeddedBroker(
        journal=tmp_path / "journal.db",
        clock=rig.clock,
        inbox=Inbox(database=rig.database, clock=rig.clock),
        directory=registry,
        middleware=[Permit(registry.may_address), Expiry(), Retry()],
    )
    await broker.start()
    for agent_id in ("vault", "clerk"):
        await broker.subscribe(agent_id, answer)
    with pytest.raises(NotReachableError, match="reachable_by"):
        await broker.publish(letter("user_1", "vault"))
    with pytest.raises(NobodyFitsError):
        await broker.publish(letter("user_1", "role:archive"))
    assert await broker.broadcast(letter("user_1", "role:archive")) == {}
    reply = await broker.request(letter("clerk", "role:archive"), timeout=PATIENCE)
    assert reply.payload.data == {"from": "vault"}
    reply = await broker.request(letter("vault", "clerk"), timeout=PATIENCE)
    assert reply.payload.data == {"from": "clerk"}, "an answer is no message that its asker would have to allow"
    await broker.stop()
