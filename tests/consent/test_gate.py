"""Nothing passes without a live consent, and the refusal says how to give one."""

from datetime import timedelta
from typing import Any

import pytest

from folkmoot.consent import ConsentGate, ConsentLedger, ConsentMissingError, InvalidConsentError, Purpose, person_key
from folkmoot.kernel import Family, SimulatedClock
from folkmoot.storage import Database


async def test_without_a_consent_the_refusal_names_person_platform_purpose_and_the_command(gate: ConsentGate) -> None:
    with pytest.raises(ConsentMissingError) as refused:
        await gate.require("Zoe Vale", "whatsapp", Purpose.IMPORT)
    assert refused.value.family is Family.FORBIDDEN
    assert 'folkmoot consent grant "Zoe Vale" --platform whatsapp --purpose import' in refused.value.message
    assert refused.value.fields["reason"] == "never"


async def test_a_grant_opens_its_own_platform_and_purposes_only(gate: ConsentGate, grant: Any) -> None:
    given = await grant("Zoe Vale", "whatsapp", "import", "profile")
    assert (await gate.require("zoe  VALE", "WhatsApp", Purpose.IMPORT)).consent_id == given.consent_id
    assert await gate.allows("Zoe Vale", "whatsapp", Purpose.PROFILE)
    assert not await gate.allows("Zoe Vale", "linkedin", Purpose.IMPORT)
    assert not await gate.allows("Zoe Veil", "whatsapp", Purpose.IMPORT)
    with pytest.raises(ConsentMissingError, match="does not cover"):
        await gate.require("Zoe Vale", "whatsapp", Purpose.REMOTE_MODEL)


async def test_an_expired_consent_is_dead_before_any_sweep(
    gate: ConsentGate, grant: Any, clock: SimulatedClock
) -> None:
    await grant(days=1)
    clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    assert await gate.allows("Zoe Vale", "whatsapp", Purpose.IMPORT)
    clock.advance(timedelta(microseconds=1))
    with pytest.raises(ConsentMissingError, match="expired at 2026-01-06 09:00") as refused:
        await gate.require("Zoe Vale", "whatsapp", Purpose.IMPORT)
    assert refused.value.fields["reason"] == "expired"


async def test_a_revoked_consent_is_dead_and_another_grant_opens_again(
    gate: ConsentGate, ledger: ConsentLedger, grant: Any
) -> None:
    given = await grant()
    await ledger.revoke(given.consent_id)
    with pytest.raises(ConsentMissingError, match="was revoked at"):
        await gate.require("Zoe Vale", "whatsapp", Purpose.IMPORT)
    await grant()
    assert await gate.allows("Zoe Vale", "whatsapp", Purpose.IMPORT)


async def test_of_two_live_consents_the_longer_one_is_taken(gate: ConsentGate, grant: Any) -> None:
    longer = await grant(days=60)
    await grant(days=20)
    assert (await gate.require("Zoe Vale", "whatsapp", Purpose.IMPORT)).consent_id == longer.consent_id
    assert len(await gate.live("Zoe Vale", Purpose.IMPORT)) == 2


async def test_hold_refuses_within_a_transaction_what_has_ended(
    gate: ConsentGate, ledger: ConsentLedger, grant: Any, database: Database
) -> None:
    given = await grant()
    async with database.write() as session:
        assert (await gate.hold(session, given.consent_id, Purpose.IMPORT)).name == "Zoe Vale"
        with pytest.raises(ConsentMissingError):
            await gate.hold(session, given.consent_id, Purpose.TRAIN)
    await ledger.revoke(given.consent_id)
    async with database.write() as session:
        with pytest.raises(ConsentMissingError, match="revoked"):
            await gate.hold(session, given.consent_id, Purpose.IMPORT)
        with pytest.raises(ConsentMissingError, match="forgotten"):
            await gate.hold(session, "consent_none", Purpose.IMPORT)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\x00b", "line\u0007"])
async def test_an_unusable_name_is_refused_as_such(gate: ConsentGate, name: str) -> None:
    with pytest.raises(InvalidConsentError) as refused:
        await gate.require(name, "whatsapp", Purpose.IMPORT)
    assert refused.value.fields["field"] == "person"


def test_the_key_of_a_person_ignores_case_blanks_and_the_way_accents_are_written() -> None:
    assert person_key(" Zoë\tVALE ") == person_key("Zoe\u0308 vale") == "zoë vale"


async def test_a_name_made_for_mischief_is_quoted_in_the_command(gate: ConsentGate) -> None:
    with pytest.raises(ConsentMissingError) as refused:
        await gate.require('a"; rm -rf $HOME #', "whatsapp", Purpose.IMPORT)
    assert "grant 'a\"; rm -rf $HOME #' --platform" in refused.value.message
