"""Forgetting a person: everything, everywhere, with a receipt that was counted after the fact.

The person is marked first, so that a process that dies half-way is followed by one that finishes (`finish_begun`).
Rooms that keep something of a person outside this one's reach give a `ForgetPart`; the assembly joins them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from folkmoot.consent import ConsentLedger, person_key
from folkmoot.events import EventLog
from folkmoot.kernel import Clock, FolkmootError, new_id
from folkmoot.memory import KnowledgeIndex, twin_scope
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger
from folkmoot.twins.errors import UnknownTwinError
from folkmoot.twins.import_export import ImportExport
from folkmoot.twins.learn import EstimatorShare
from folkmoot.twins.model import Twin
from folkmoot.twins.store import count_person, delete_twin, select_forgetting, select_twins, update_twin

_log = get_logger("folkmoot.twins")


class ForgetPart(Protocol):
    """Another place that knows something of a person."""

    @property
    def name(self) -> str:
        """What the receipt calls it."""
        ...

    async def forget(self, twin: Twin) -> int:
        """Remove what is there of the person or their agent; how much that was. Twice is the same as once."""
        ...


@dataclass(frozen=True, kw_only=True)
class ForgetReceipt:
    """What was removed, and what a count found afterwards."""

    receipt_id: str
    person: str  # the name: the receipt goes to whoever asked, and is not kept here
    forgotten_at: datetime
    removed: dict[str, int]  # rows by table, entries by other place
    remaining: dict[str, int]  # the same count afterwards; empty when all is gone
    audit_unlinked: bool  # the key that tied audit lines to the person is destroyed
    erased: bool  # deleted bytes were overwritten in the files; False while a reader was busy


class Forgetting:
    """The act, and its completion after an interruption."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        events: EventLog,
        ledger: ConsentLedger,
        index: KnowledgeIndex,
        imports: ImportExport,
        share: EstimatorShare,
        parts: Sequence[ForgetPart] = (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._ledger = ledger
        self._index = index
        self._imports = imports
        self._share = share
        self._parts = parts

    async def forget(self, person: str) -> ForgetReceipt:
        """Remove a person and everything made from their texts; `UnknownTwinError` if nothing is known."""
        key = person_key(person)
        twin = await self._begin(key, person)
        removed: dict[str, int] = {}
        for part in self._parts:
            removed[part.name] = await part.forget(twin)
        await self._share.forget(key)
        async with self._database.write() as session:
            removed |= {name: count for name, count in (await count_person(session, key)).items() if count}
            removed["knowledge_passages"] = await self._index.remove_scope(session, twin_scope(key))
        removed |= await self._ledger.forget(person) | {"knowledge_passages": removed["knowledge_passages"]}
        async with self._database.write() as session:
            await delete_twin(session, key)
        await self._imports.drop_files()
        await self._index.compact()
        async with self._database.read() as session:
            remaining = {name: count for name, count in (await count_person(session, key)).items() if count}
        passages = await self._index.count(twin_scope(key))
        receipt = ForgetReceipt(
            receipt_id=new_id("receipt"),
            person=twin.name,
            forgotten_at=self._clock.now(),
            removed={name: count for name, count in sorted(removed.items()) if count},
            remaining=remaining | ({"knowledge_passages": passages} if passages else {}),
            audit_unlinked=not await self._ledger.audit(person),
            erased=await self._database.scrub(["twins", "twin_messages", "knowledge_passages", "profiles", "imports"]),
        )
        await self._events.append("twin_forgotten", receipt.receipt_id, {"removed": dict(receipt.removed)})
        return receipt

    async def finish_begun(self) -> list[ForgetReceipt]:
        """At the start of a process: finish what a killed one began."""
        async with self._database.read() as session:
            begun = await select_forgetting(session)
        receipts: list[ForgetReceipt] = []
        for person in begun:
            try:
                receipts.append(await self.forget(person))
            except FolkmootError as error:
                _log.warning("forgetting a person is unfinished", error=error.message)
        return receipts

    async def _begin(self, key: str, person: str) -> Twin:
        async with self._database.write() as session:
            found = await select_twins(session, key)
            if found:
                await update_twin(session, key, forgetting_since=self._clock.now())
                return found[0]
            known = any((await count_person(session, key)).values())
        if not known:
            raise UnknownTwinError(f"nothing is known of {person}", person=person)
        # Consents without a twin: somebody agreed and never handed anything over.
        return Twin(person=key, name=person, email="", agent_id="", created_at=self._clock.now())
