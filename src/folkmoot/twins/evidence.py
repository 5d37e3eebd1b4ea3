"""The person's own consented texts as evidence of what they can do, and nothing else."""

from collections.abc import AsyncIterator, Sequence

from folkmoot.consent import ConsentGate, Purpose, person_key
from folkmoot.skills import Evidence
from folkmoot.storage import Database
from folkmoot.twins.model import Twin, TwinMessage
from folkmoot.twins.permission import permitted
from folkmoot.twins.store import select_twins, stream_messages


class TwinEvidence:
    """Reads evidence out of one database. `Evidence.person` is the person's key."""

    def __init__(self, *, database: Database, gate: ConsentGate) -> None:
        self._database = database
        self._gate = gate

    async def of(self, person: str, *, import_id: str | None = None) -> Sequence[Evidence]:
        """A person's evidence, of one import or all, oldest first; only what may be used for a profile now."""
        key = person_key(person)
        async with self._database.read() as session:
            twins = await select_twins(session, key)
        return [item for twin in twins async for item in self._stream(twin, import_id)]

    async def everyone(self) -> Sequence[Evidence]:
        """The evidence of all persons, person by person, oldest first: what an estimator is fitted on at the start."""
        async with self._database.read() as session:
            twins = await select_twins(session)
        return [item for twin in twins async for item in self._stream(twin, None)]

    async def _stream(self, twin: Twin, import_id: str | None) -> AsyncIterator[Evidence]:
        usable = await permitted(self._gate, twin.person, Purpose.PROFILE)
        if not usable:
            return
        async with self._database.read() as session:
            pages = stream_messages(session, twin.person, consent_ids=usable, own=True, import_id=import_id)
            async for page in pages:
                for message in page:
                    yield _evidence(message, twin)


def _evidence(message: TwinMessage, twin: Twin) -> Evidence:
    title, _, rest = message.text.partition("\n")
    commit = message.kind == "commit"
    return Evidence(
        id=message.message_id,
        person=message.person,
        title=title if commit else "",
        text=rest.strip() if commit else message.text,
        # A table without times says what was done, not when: as old as the twin is neither fresh nor stale.
        at=message.at or twin.created_at,
        kind="commit" if commit else "message",
        labels=message.paths,
    )
