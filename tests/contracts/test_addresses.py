"""A message may be for a role, a capability, a department, or for everybody."""

import pytest

from folkmoot.messaging import Broker, Delivery, Receipt
from folkmoot.messaging.errors import MailboxFullError, NobodyFitsError
from tests.contracts.rigs import MAILBOX_LIMIT, PATIENCE, StaffList, message


async def answer_with_my_name(delivery: Delivery) -> dict[str, str]:
    return {"name": delivery.message.recipient_id}


@pytest.mark.parametrize("selector", ["role:cso", "capability:seo", "department:sales"])
async def test_one_fitting_agent_is_chosen_the_least_loaded(broker: Broker, staff: StaffList, selector: str) -> None:
    staff.staff[selector] = ["carol", "bob"]
    await broker.subscribe("carol", answer_with_my_name)
    receipt = await broker.publish(message(selector))
    assert receipt.recipient_id == "carol"
    reply = await broker.request(message(selector), timeout=PATIENCE)
    assert (reply.sender_id, reply.payload.data) == ("carol", {"name": "carol"})


async def test_who_asks_for_a_role_is_not_sent_to_himself(broker: Broker, staff: StaffList) -> None:
    staff.staff["role:cso"] = ["alice", "bob"]
    assert (await broker.publish(message("role:cso", "alice"))).recipient_id == "bob"


async def test_who_may_not_be_addressed_is_not_meant(broker: Broker, staff: StaffList) -> None:
    staff.staff["role:cso"] = ["carol", "bob"]
    staff.refused = {("carol", "alice")}
    assert (await broker.publish(message("role:cso", "alice"))).recipient_id == "bob"
    assert (await broker.publish(message("role:cso", "dave"))).recipient_id == "carol"
    assert set(await broker.broadcast(message("role:cso", "alice"))) == {"bob"}


async def test_nobody_fits(broker: Broker) -> None:
    for recipient in ("role:astronaut", "everybody"):
        with pytest.raises(NobodyFitsError):
            await broker.publish(message(recipient))
    with pytest.raises(NobodyFitsError):
        await broker.request(message("role:astronaut"), timeout=PATIENCE)
    assert (await broker.stats()).queued == 0


async def test_a_repeated_send_goes_where_the_first_went(broker: Broker, staff: StaffList) -> None:
    staff.staff["role:cso"] = ["bob"]
    sent = message("role:cso")
    await broker.publish(sent)
    for fitting in (["carol"], []):
        staff.staff["role:cso"] = fitting
        receipt = await broker.publish(sent)
        assert (receipt.recipient_id, receipt.duplicate) == ("bob", True)
    await broker.subscribe("bob", answer_with_my_name)
    assert (await broker.request(sent, timeout=PATIENCE)).payload.data == {"name": "bob"}
    assert (await broker.stats()).mailboxes == {}


async def test_an_unknown_agent_has_a_mailbox_too(broker: Broker) -> None:
    assert (await broker.publish(message("not-born-yet"))).recipient_id == "not-born-yet"


async def test_a_broadcast_tells_the_outcome_for_each(broker: Broker, staff: StaffList) -> None:
    staff.staff["everybody"] = ["alice", "bob", "carol", "dave"]
    for _ in range(MAILBOX_LIMIT):
        await broker.publish(message("dave"))
    sent = message("everybody", "alice", data={"n": 1})
    outcomes = await broker.broadcast(sent)
    assert set(outcomes) == {"bob", "carol", "dave"}
    assert isinstance(outcomes["bob"], Receipt)
    assert isinstance(outcomes["dave"], MailboxFullError)
    (record,) = await broker.messages(agent_id="carol")
    assert record.message.recipient_id == "carol"
    assert record.message.correlation_id == sent.message_id
    assert record.message.payload == sent.payload


async def test_a_repeated_broadcast_is_one(broker: Broker, staff: StaffList) -> None:
    staff.staff["department:sales"] = ["bob", "carol"]
    sent = message("department:sales")
    await broker.broadcast(sent)
    staff.staff["department:sales"] = ["bob", "carol", "dave"]
    again = await broker.broadcast(sent)
    assert {name: isinstance(got, Receipt) and got.duplicate for name, got in again.items()} == {
        "bob": True,
        "carol": True,
        "dave": False,
    }
    assert (await broker.stats()).mailboxes == {"bob": 1, "carol": 1, "dave": 1}


async def test_a_broadcast_to_one_agent_and_to_nobody(broker: Broker) -> None:
    assert set(await broker.broadcast(message("bob"))) == {"bob"}
    assert await broker.broadcast(message("role:astronaut")) == {}
