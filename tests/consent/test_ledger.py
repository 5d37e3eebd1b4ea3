"""Granting, withdrawing, sweeping and forgetting; what the database itself guarantees."""

import importlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from folkmoot.consent import ConsentGate, ConsentLedger, InvalidConsentError, Purpose, UnknownConsentError
from folkmoot.consent.store import derived_columns
from folkmoot.events import EventLog
from folkmoot.kernel import FolkmootError, SimulatedClock
from folkmoot.storage import Database


class BrokenError(FolkmootError):
    """A listener that could not do its part."""


async def test_the_token_is_shown_once_and_stored_as_a_hash(
    ledger: ConsentLedger, grant: Any, database: Database
) -> None:
    given = await grant()
    assert (await ledger.by_token(given.token)).consent_id == given.consent_id
    with pytest.raises(UnknownConsentError):
        await ledger.by_token(given.token + "x")
    async with database.read() as session:
        stored = (await session.execute(text("SELECT * FROM consents"))).one()
    assert given.token not in str(stored)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("person", ""),
        ("email", "not an address"),
        ("platform", "what's app"),
        ("platform", ""),
        ("purposes", []),
        ("purposes", ["import", "sell"]),
        ("expires_at", datetime(2026, 1, 5, 9, 0)),  # noqa: DTZ001  # a time without a zone is the case
        ("expires_at", timedelta(0)),
        ("expires_at", timedelta(days=-1)),
        ("expires_at", timedelta(days=4000)),
    ],
)
async def test_a_grant_with_a_bad_field_names_it_and_changes_nothing(
    ledger: ConsentLedger, clock: SimulatedClock, field: str, value: Any
) -> None:
    good: dict[str, Any] = {
        "person": "Zoe Vale",
        "email": "z@v.example",
        "platform": "whatsapp",
        "purposes": ["import"],
        "expires_at": clock.now() + timedelta(days=1),
    }
    good[field] = clock.now() + value if isinstance(value, timedelta) else value
    with pytest.raises(InvalidConsentError) as refused:
        await ledger.grant(good.pop("person"), **good)
    assert refused.value.fields["field"] == field
    assert not await ledger.list()
    assert not await ledger.audit()


async def test_without_an_email_the_last_one_is_noted_again(
    ledger: ConsentLedger, grant: Any, clock: SimulatedClock
) -> None:
    later: dict[str, Any] = {"platform": "git", "purposes": ["import"], "expires_at": clock.now() + timedelta(days=1)}
    assert (await ledger.grant("Zoe Vale", **later)).consent.email == ""
    await grant("Zoe Vale")
    assert (await ledger.grant("Zoe Vale", **later)).consent.email == "zoe@vale.example"


async def test_revoking_ends_it_once_and_tells_the_listeners(ledger: ConsentLedger, grant: Any, listener: Any) -> None:
    given = await grant()
    ended = await ledger.revoke(given.consent_id)
    assert ended.revoked_at
    assert ended.cleared_at
    assert listener.told == [given.consent_id]
    assert (await ledger.revoke(given.consent_id)).revoked_at == ended.revoked_at
    assert listener.told == [given.consent_id]
    assert [line.action for line in await ledger.audit("Zoe Vale")] == ["granted", "revoked"]
    kept = await ledger.get(given.consent_id)
    assert kept.email == ""
    with pytest.raises(UnknownConsentError):
        await ledger.by_token(given.token)


async def test_revoking_what_never_was_is_an_error(ledger: ConsentLedger) -> None:
    with pytest.raises(UnknownConsentError):
        await ledger.revoke("consent_none")


async def test_the_sweeper_ends_what_expired_and_nothing_else(
    ledger: ConsentLedger, grant: Any, listener: Any, clock: SimulatedClock
) -> None:
    short = await grant(days=1)
    long = await grant(days=9)
    assert not await ledger.expire_due()
    clock.advance(timedelta(days=2))
    assert [consent.consent_id for consent in await ledger.expire_due()] == [short.consent_id]
    assert listener.told == [short.consent_id]
    assert not await ledger.expire_due()
    assert (await ledger.get(short.consent_id)).status(clock.now()) == "expired"
    assert (await ledger.get(long.consent_id)).status(clock.now()) == "live"
    assert [line.action for line in await ledger.audit("Zoe Vale")] == ["granted", "granted", "expired"]


async def test_a_withdrawal_whose_listener_failed_is_finished_by_the_sweeper(
    ledger: ConsentLedger, gate: ConsentGate, grant: Any, listener: Any
) -> None:
    given = await grant()
    listener.failures.append(BrokenError("the estimator is away"))
    with pytest.raises(BrokenError):
        await ledger.revoke(given.consent_id)
    assert not await gate.allows("Zoe Vale", "whatsapp", Purpose.IMPORT)
    assert (await ledger.get(given.consent_id)).cleared_at is None
    assert [consent.consent_id for consent in await ledger.expire_due()] == [given.consent_id]
    assert (await ledger.get(given.consent_id)).cleared_at


async def test_one_failure_does_not_stop_the_sweep(
    ledger: ConsentLedger, grant: Any, listener: Any, clock: SimulatedClock
) -> None:
    for _ in range(3):
        await grant(days=1)
    clock.advance(timedelta(days=2))
    listener.failures.append(BrokenError("once"))
    with pytest.raises(BrokenError):
        await ledger.expire_due()
    assert len(listener.told) == 2
    assert len(await ledger.expire_due()) == 1


async def test_a_busy_reader_delays_the_erasure_but_not_the_end(
    ledger: ConsentLedger, grant: Any, database: Database
) -> None:
    given = await grant()
    async with database.read() as session:
        await session.execute(text("SELECT count(*) FROM consents"))
        ended = await ledger.revoke(given.consent_id)
        assert ended.revoked_at
        assert ended.cleared_at is None
    assert [consent.cleared_at is not None for consent in await ledger.expire_due()] == [True]


async def test_the_audit_of_a_forgotten_person_can_no_longer_be_linked(ledger: ConsentLedger, grant: Any) -> None:
    await grant("Zoe Vale")
    await grant("Amir Khan")
    mine = (await ledger.audit("Zoe Vale"))[0].person_hash
    removed = await ledger.forget("Zoe Vale")
    assert removed == {"consents": 1, "consent_keys": 1}
    assert not await ledger.audit("Zoe Vale")
    assert [line.action for line in await ledger.audit() if line.person_hash == mine] == ["granted", "forgotten"]
    assert len(await ledger.audit("Amir Khan")) == 1
    await grant("Zoe Vale")
    assert (await ledger.audit("Zoe Vale"))[0].person_hash != mine
    assert await ledger.forget("Nobody Known") == {"consents": 0, "consent_keys": 0}


@pytest.mark.parametrize("statement", ["UPDATE consent_audit SET action = 'x'", "DELETE FROM consent_audit"])
async def test_the_audit_cannot_be_rewritten(grant: Any, database: Database, statement: str) -> None:
    await grant()
    with pytest.raises(IntegrityError, match="append-only"):
        async with database.write() as session:
            await session.execute(text(statement))


async def test_events_tell_of_changes_without_naming_the_person(
    ledger: ConsentLedger, grant: Any, database: Database, clock: SimulatedClock
) -> None:
    given = await grant()
    await ledger.revoke(given.consent_id)
    events = await EventLog(database=database, clock=clock).read()
    assert [event.type for event in events] == ["consent_granted", "consent_revoked"]
    assert "zoe" not in str(events).casefold()


def test_every_derived_row_must_carry_a_consent_and_goes_with_it() -> None:
    importlib.import_module("folkmoot.memory.tables")
    importlib.import_module("folkmoot.twins.tables")
    columns = derived_columns()
    assert {"twin_messages", "imports", "profiles", "knowledge_passages"} <= {table.name for table, _ in columns}
    for table, name in columns:
        (key,) = table.c[name].foreign_keys
        assert key.ondelete == "CASCADE", table.name
        # Documents of a team have no person behind them; a check keeps a twin's passages from that.
        assert not table.c[name].nullable or table.name == "knowledge_passages"
