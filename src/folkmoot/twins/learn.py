"""Keeping what was learned of people equal to what they permit: after imports, withdrawals and restarts.

The estimator itself is not known here: whoever keeps it gives an `EstimatorShare`.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from folkmoot.consent import Consent, ConsentGate, Purpose, person_key
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.skills import Evidence
from folkmoot.storage import Database
from folkmoot.twins.build_profile import ProfileBuilder, cite
from folkmoot.twins.errors import NoTextsError
from folkmoot.twins.evidence import TwinEvidence
from folkmoot.twins.model import ImportResult, ImportState
from folkmoot.twins.options import UTC_ZONE, from_json, zone_of
from folkmoot.twins.permission import permitted
from folkmoot.twins.profile import Profile, merged
from folkmoot.twins.skill_patterns import SkillPatterns
from folkmoot.twins.store import (
    count_messages,
    delete_profiles,
    put_profile,
    select_imports,
    select_profiles,
    select_twins,
    stream_messages,
)


class EstimatorShare(Protocol):
    """What people's texts contribute to the capability estimator."""

    async def learn(self, evidence: Sequence[Evidence]) -> None:
        """Take evidence in; the same id again replaces what was there."""
        ...

    async def forget(self, person: str) -> None:
        """Take out all evidence of a person (by key); declared capabilities may stay. Twice is the same as once."""
        ...


class TwinLearning:
    """Profiles and the estimator's share; a listener of imports and of withdrawals."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        events: EventLog,
        gate: ConsentGate,
        evidence: TwinEvidence,
        share: EstimatorShare,
        patterns: SkillPatterns,
    ) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._gate = gate
        self._evidence = evidence
        self._share = share
        self._patterns = patterns

    async def imported(self, result: ImportResult) -> None:
        """Learn from an import, where the person permits it."""
        usable = await permitted(self._gate, result.person, Purpose.PROFILE)
        if result.consent_id not in usable or not (result.own or result.skipped.get("duplicate")):
            return
        await self._share.learn(await self._evidence.of(result.person, import_id=result.import_id))
        await self._refresh(result.person, usable, platform=result.platform)

    async def withdrawn(self, consent: Consent) -> None:
        """Unlearn what rested on a consent, and keep what the person's other consents permit."""
        await self._share.forget(consent.person)
        kept = await self._evidence.of(consent.person)
        if kept:
            await self._share.learn(kept)
        await self._refresh(consent.person, await permitted(self._gate, consent.person, Purpose.PROFILE), missing=True)

    async def refresh_all(self) -> None:
        """At the start of a process: build the profiles that an interruption left out."""
        async with self._database.read() as session:
            twins = await select_twins(session)
        for twin in twins:
            usable = await permitted(self._gate, twin.person, Purpose.PROFILE)
            await self._refresh(twin.person, usable, missing=True)

    async def profile(self, person: str) -> Profile:
        """Build a person's profile anew from all that they permit now, and keep it.

        Raises `ConsentMissingError` without a live consent for `profile`, `NoTextsError` without a text of theirs.
        """
        key = person_key(person)
        await self._gate.require_any(person, Purpose.PROFILE)
        parts = await self._refresh(key, await permitted(self._gate, key, Purpose.PROFILE))
        if not parts:
            raise NoTextsError(f"no message of {person} was imported that a profile may be learned from", person=person)
        return merged(parts)

    async def _refresh(
        self, person: str, usable: dict[str, str], *, platform: str | None = None, missing: bool = False
    ) -> list[Profile]:
        async with self._database.read() as session:
            counts = await count_messages(session, person)
            present = {consent_id for _, consent_id, _, _ in await select_profiles(session, person)}
        with_texts = {consent_id: where for (where, consent_id, own) in counts if own and consent_id in usable}
        async with self._database.write() as session:
            await delete_profiles(session, person, keep=[*with_texts])
        wanted = {
            consent_id: where
            for consent_id, where in sorted(with_texts.items())
            if platform in {None, where} and not (missing and consent_id in present)
        }
        return [
            await self._learn_part(person, consent_id, where, usable[consent_id])
            for consent_id, where in wanted.items()
        ]

    async def _learn_part(self, person: str, consent_id: str, platform: str, permit: str) -> Profile:
        zone = await self._zone(person, platform)
        builder = ProfileBuilder(platform=platform, patterns=self._patterns, zone=zone)
        async with self._database.read() as session:
            async for page in stream_messages(session, person, consent_ids=[consent_id]):
                await asyncio.to_thread(builder.add, page)
            learned = await asyncio.to_thread(builder.learned_words)
            cited: dict[str, deque[str]] = {}
            async for page in stream_messages(session, person, consent_ids=[consent_id], own=True):
                await asyncio.to_thread(cite, learned, page, cited)
        profile = builder.build({word: cited[word] for word in learned if word in cited})
        async with self._database.write() as session:
            await self._gate.hold(session, consent_id, Purpose.IMPORT)
            await self._gate.hold(session, permit, Purpose.PROFILE)
            await put_profile(
                session,
                person=person,
                platform=platform,
                consent_id=consent_id,
                profile_consent_id=permit,
                data=profile.model_dump(mode="json"),
                computed_at=self._clock.now(),
            )
            await self._events.record(session, "profile_learned", consent_id, {"platform": platform})
        return profile

    async def _zone(self, person: str, platform: str) -> ZoneInfo:
        """The zone of the person's last import from this platform: their hours of the day are meant in it."""
        async with self._database.read() as session:
            done = await select_imports(session, person=person, state=ImportState.DONE)
        said = (from_json(row.options) for row in done if row.platform == platform)
        return next((zone_of(options) for options in said if options.timezone), UTC_ZONE)
