"""Who has a twin, and what can be said of each: the reading side of this room, for faces and agents."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from folkmoot.consent import Consent, ConsentGate, ConsentLedger, Purpose, display_name, person_key
from folkmoot.kernel import Clock, slug
from folkmoot.storage import Database
from folkmoot.twins.errors import UnknownImportError, unknown_twin
from folkmoot.twins.model import ImportResult, Twin, TwinMessage
from folkmoot.twins.permission import permitted
from folkmoot.twins.profile import Profile, merged
from folkmoot.twins.store import (
    as_result,
    count_messages,
    insert_twin,
    select_agent_ids,
    select_imports,
    select_messages,
    select_profiles,
    select_samples,
    select_twins,
    update_twin,
)


@dataclass(frozen=True, kw_only=True)
class MessageCount:
    """How many messages of a platform a twin rests on."""

    platform: str
    own: int
    context: int


@dataclass(frozen=True, kw_only=True)
class TwinView:
    """A twin with all that rests on its person's consents."""

    twin: Twin
    consents: Sequence[Consent]
    imports: Sequence[ImportResult]
    messages: Sequence[MessageCount]
    profile: Profile | None


class TwinRoster:
    """The twins of one database. A person is asked for by name; case and blanks do not matter."""

    def __init__(self, *, database: Database, clock: Clock, ledger: ConsentLedger, gate: ConsentGate) -> None:
        self._database = database
        self._clock = clock
        self._ledger = ledger
        self._gate = gate

    async def ensure(self, name: str, *, email: str = "", agent_id: str | None = None) -> Twin:
        """The twin of a person, made if there is none; an e-mail or agent id given now replaces what was noted."""
        person, shown = person_key(name), display_name(name)
        async with self._database.write() as session:
            found = await select_twins(session, person)
            if not found:
                taken = await select_agent_ids(session)
                twin = Twin(
                    person=person,
                    name=shown,
                    email=email,
                    agent_id=agent_id or _free(slug(shown) or "twin", taken),
                    created_at=self._clock.now(),
                )
                await insert_twin(session, twin, secret=secrets.token_bytes(32))
                return twin
            changes = {
                column: value
                for column, value in {"email": email, "agent_id": agent_id}.items()
                if value and value != getattr(found[0], column)
            }
            if changes:
                await update_twin(session, person, **changes)
                found = await select_twins(session, person)
            return found[0]

    async def get(self, person: str) -> Twin:
        """One twin; raise `UnknownTwinError`."""
        async with self._database.read() as session:
            found = await select_twins(session, person_key(person))
        if not found:
            raise unknown_twin(person)
        return found[0]

    async def list(self) -> Sequence[Twin]:
        """All twins by name."""
        async with self._database.read() as session:
            return await select_twins(session)

    async def view(self, person: str) -> TwinView:
        """One twin with consents, imports, counts and profile; raise `UnknownTwinError`."""
        twin = await self.get(person)
        async with self._database.read() as session:
            imports = await select_imports(session, person=twin.person)
            counts = await count_messages(session, twin.person)
        return TwinView(
            twin=twin,
            consents=await self._ledger.list(twin.name),
            imports=[as_result(row) for row in imports],
            messages=_by_platform(counts),
            profile=await self.profile(twin.name),
        )

    async def profile(self, person: str) -> Profile | None:
        """What was learned of a person, as far as consents to it are live now; None if nothing is."""
        usable = await permitted(self._gate, person, Purpose.PROFILE)
        async with self._database.read() as session:
            parts = await select_profiles(session, person_key(person))
        live = [Profile.model_validate(data) for _, consent_id, data, _ in parts if consent_id in usable]
        return merged(live) if live else None

    async def import_result(self, import_id: str) -> ImportResult:
        """One import; raise `UnknownImportError`."""
        async with self._database.read() as session:
            found = await select_imports(session, import_id=import_id)
        if not found:
            raise UnknownImportError(f"there is no import {import_id}", import_id=import_id)
        return as_result(found[0])

    async def messages(self, person: str, ids: Collection[str]) -> Sequence[TwinMessage]:
        """The person's messages with these ids, oldest first, for showing the evidence of a number."""
        async with self._database.read() as session:
            return await select_messages(session, person_key(person), ids=ids)

    async def samples(self, person: str, count: int, *, purpose: Purpose = Purpose.CHAT) -> Sequence[str]:
        """Up to `count` texts that show how a person writes: their own, spread over time, of middling length.

        Only what may be used for `purpose` now. The same messages give the same samples.
        """
        usable = await permitted(self._gate, person, purpose)
        key = person_key(person)
        async with self._database.read() as session:
            known = await select_samples(session, key, consent_ids=usable)
            lengths = sorted(length for _, length in known)
            low, high = (lengths[len(lengths) // 4], lengths[-1 - len(lengths) // 10]) if lengths else (0, 0)
            telling = [message_id for message_id, length in known if low <= length <= high]
            step = max(1, len(telling) // max(1, count))
            chosen = await select_messages(session, key, ids=telling[::step][:count], own=True)
        return [message.text for message in chosen]


def _by_platform(counts: dict[tuple[str, str, bool], int]) -> list[MessageCount]:
    return [
        MessageCount(
            platform=platform,
            own=sum(n for (where, _, own), n in counts.items() if own and where == platform),
            context=sum(n for (where, _, own), n in counts.items() if not own and where == platform),
        )
        for platform in sorted({platform for platform, _, _ in counts})
    ]


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    return next(name for number in range(2, len(taken) + 3) if (name := f"{wanted}-{number}") not in taken)
