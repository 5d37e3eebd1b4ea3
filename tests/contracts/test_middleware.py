"""What an application puts around the core holds on every broker: order, refusal, sealing, an own rule for retries."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.messaging.broker import Handler, MessageStatus
from folkmoot.messaging.middleware import Expiry, Happening, Middleware, Retry
from folkmoot.messaging.middleware.encrypt import Encrypt
from folkmoot.messaging.middleware.keyring import Keyring
from tests.contracts.rigs import PATIENCE, RETRY, Rig, message
from tests.waiting import wait_until

OLD, NEW = "old=" + "a" * 40, "new=" + "b" * 40


class Noting(Middleware):
    """Writes down at which points it was asked."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name = name
        self._notes = notes

    async def sending(self, sent: AgentMessage) -> AgentMessage:
        self._notes.append(f"{self._name} sends")
        return sent

    async def handling(self, delivery: Delivery, handle: Handler) -> Reply:
        self._notes.append(f"{self._name} handles")
        reply = await handle(delivery)
        self._notes.append(f"{self._name} handled")
        return reply

    def happened(self, what: Happening, sent: AgentMessage) -> None:  # noqa: ARG002  # see `Middleware`
        self._notes.append(f"{self._name}: {what}")


class Refusing(Middleware):
    """Lets nobody say a word."""

    async def sending(self, sent: AgentMessage) -> AgentMessage:
        if "word" in sent.payload.data:
            raise ValueError("not that word")
        return sent


async def echo(delivery: Delivery) -> dict[str, Any]:
    await delivery.stream({"part": delivery.message.payload.data})
    return {"echo": delivery.message.payload.data}


async def test_the_first_is_the_outermost(rig: Rig) -> None:
    notes: list[str] = []
    await rig.restart([Noting("a", notes), Noting("b", notes), Expiry(), Retry(RETRY)])
    await rig.broker.subscribe("bob", echo)
    await rig.broker.request(message(), timeout=PATIENCE)
    assert sorted(notes[:4]) == ["a sends", "a: accepted", "b sends", "b: accepted"]
    assert notes[:2] == ["a sends", "b sends"]
    assert [note for note in notes if "handle" in note] == [
        "a handles", "b handles", "b handled", "a handled", "a: handled", "b: handled",
    ]  # fmt: skip


async def test_what_a_middleware_refuses_is_not_accepted(rig: Rig) -> None:
    await rig.restart([Refusing()])
    refused = message(data={"word": 1})
    with pytest.raises(ValueError, match="not that word"):
        await rig.broker.publish(refused)
    with pytest.raises(ValueError, match="not that word"):
        await rig.broker.request(refused, timeout=PATIENCE)
    assert await rig.broker.find(refused.message_id) is None


async def test_without_a_rule_for_retries_a_failed_message_is_given_up_at_once(rig: Rig) -> None:
    async def fail(_delivery: Delivery) -> None:
        raise RuntimeError("no")

    await rig.restart([])
    await rig.broker.subscribe("bob", fail)
    await rig.broker.publish(sent := message())
    await ended(rig, sent, MessageStatus.DEAD)


async def test_an_application_s_own_rule_for_retries_is_followed(rig: Rig) -> None:
    class Once(Middleware):
        def trying_again(self, sent: AgentMessage, attempt: int, error: Exception) -> timedelta | None:  # noqa: ARG002  # see `Middleware`
            return timedelta(seconds=1) if attempt == 1 else None

    attempts: list[int] = []

    async def fail(delivery: Delivery) -> None:
        attempts.append(delivery.attempt)
        raise RuntimeError("no")

    await rig.restart([Once(), Retry(RETRY)])
    await rig.broker.subscribe("bob", fail)
    await rig.broker.publish(sent := message())
    await wait_until(lambda: attempts == [1])
    while len(attempts) < 3:  # the second rule is asked where the first names no time
        rig.clock.advance(timedelta(seconds=5))
        await asyncio.sleep(0.01)
    await ended(rig, sent, MessageStatus.DEAD)


async def test_a_middleware_that_cannot_answer_keeps_no_message_for_ever(rig: Rig) -> None:
    class Broken(Middleware):
        def too_late_at(self, sent: AgentMessage) -> None:  # noqa: ARG002  # see `Middleware`
            raise RuntimeError("no idea")

        def trying_again(self, sent: AgentMessage, attempt: int, error: Exception) -> None:  # noqa: ARG002  # see `Middleware`
            raise RuntimeError("no idea either")

    async def fail(delivery: Delivery) -> None:
        if delivery.message.payload.data:
            raise RuntimeError("no")

    await rig.restart([Broken()])
    await rig.broker.subscribe("bob", fail)
    await rig.broker.publish(good := message())
    await rig.broker.publish(bad := message(data={"n": 1}))
    await ended(rig, good, MessageStatus.HANDLED)
    await ended(rig, bad, MessageStatus.DEAD)


async def test_what_is_sealed_is_read_by_who_has_the_key_and_by_nobody_else(rig: Rig) -> None:
    await rig.restart(sealed(OLD))
    await rig.broker.subscribe("bob", echo)
    sent = message(data={"text": "nobody else's business"})
    heard = [one async for one in rig.broker.request_stream(sent, timeout=PATIENCE)]
    reply = heard[-1]
    assert isinstance(reply, AgentMessage)
    assert (heard[0], reply.payload.data) == ({"part": sent.payload.data}, {"echo": sent.payload.data})
    record = await rig.broker.find(sent.message_id)
    assert record is not None
    assert (record.message, record.reply) == (sent, reply)
    kept = await rig.kept()
    assert sent.message_id.encode() in kept
    assert b"business" not in kept


@pytest.mark.durable
async def test_a_new_key_seals_and_the_old_one_still_opens(rig: Rig) -> None:
    await rig.restart(sealed(OLD))
    await rig.broker.publish(before := message(data={"n": 1}))
    await rig.restart(sealed(f"{NEW},{OLD}"))
    await rig.broker.publish(after := message("carol", data={"n": 2}))
    for agent in ("bob", "carol"):
        await rig.broker.subscribe(agent, echo)
    for sent in (before, after):
        assert (await rig.broker.request(sent, timeout=PATIENCE)).payload.data == {"echo": sent.payload.data}


@pytest.mark.durable
async def test_a_message_whose_key_is_gone_is_a_dead_letter_and_comes_back_with_the_key(rig: Rig) -> None:
    await rig.restart(sealed(OLD))
    await rig.broker.publish(sent := message(data={"n": 1}))
    await rig.restart(sealed(NEW))
    subscription = await rig.broker.subscribe("bob", echo)
    await ended(rig, sent, MessageStatus.DEAD)
    (dead,) = await rig.broker.dead_letters(agent_id="bob")
    assert "unknown_seal_key" in (dead.error or "")
    assert dead.message.sealed_with == "old"
    await subscription.cancel()
    await rig.restart(sealed(f"{NEW},{OLD}"))
    await rig.broker.retry_dead_letter(sent.message_id)
    await rig.broker.subscribe("bob", echo)
    assert (await rig.broker.request(sent, timeout=PATIENCE)).payload.data == {"echo": {"n": 1}}


@pytest.mark.durable
async def test_what_was_tampered_with_is_a_dead_letter(rig: Rig) -> None:
    await rig.restart(sealed(OLD))
    await rig.broker.publish(sent := message(data={"n": 1}))
    await rig.tamper(sent.message_id, b'"intent":"chat"', b'"intent":"award"')
    await rig.broker.subscribe("bob", echo)
    await ended(rig, sent, MessageStatus.DEAD)
    (dead,) = await rig.broker.dead_letters()
    assert "message_seal_broken" in (dead.error or "")


def sealed(keys: str) -> list[Middleware]:
    return [Expiry(), Retry(RETRY), Encrypt(Keyring.of(keys))]


async def ended(rig: Rig, sent: AgentMessage, status: MessageStatus) -> None:
    async def reached() -> bool:
        record = await rig.broker.find(sent.message_id)
        return record is not None and record.status is status

    await wait_until(reached)


async def test_whoever_cannot_bear_to_hear_what_happened_changes_nothing(rig: Rig) -> None:
    class Deaf(Middleware):
        def happened(self, what: Happening, sent: AgentMessage) -> None:
            raise RuntimeError(f"{what} of {sent.message_id}")

    seen: list[str] = []

    async def note(delivery: Delivery) -> dict[str, object]:
        seen.append(delivery.message.message_id)
        return {"heard": True}

    await rig.restart([Deaf(), Expiry(), Retry(RETRY)])
    await rig.broker.subscribe("bob", note)
    reply = await rig.broker.request(message(), timeout=PATIENCE)
    assert reply.payload.data == {"heard": True}
    assert len(seen) == 1
