"""Where leads come in and are seen to: the one object that the faces call.

Each verb is one transaction. A lead that was accepted is kept whatever happens afterwards; what was asked for with it
is a durable run, and one that could not be launched, because the process died in between, is launched at the next
start.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Protocol

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, FolkmootError, JsonValue, new_id
from folkmoot.leads import events, store
from folkmoot.leads.errors import AnalysisFailedError, LeadNotDeletedError, UnknownLeadError
from folkmoot.leads.follow_up import RUN_NAME
from folkmoot.leads.model import FollowUp, Lead, LeadChange, LeadData, LeadEntry, LeadStatus
from folkmoot.leads.store import Wanted
from folkmoot.runs.errors import RunTimeoutError
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

PATIENCE: Final = timedelta(seconds=60)
RESTORABLE: Final = timedelta(days=7)
OWED_FOR: Final = timedelta(days=14)  # a confirmation, or a note in the CRM, that comes later only puzzles
CAUGHT_UP_AT_ONCE: Final = 50
_log = get_logger("folkmoot.leads")


class Launcher(Protocol):
    """What of `folkmoot.runs.RunEngine` is needed here."""

    async def launch(self, name: str, run_id: str, input: Any = None) -> str:  # noqa: A002  # the engine's word
        """Accept a run; the same id again is the same run."""
        ...

    async def result(self, run_id: str, timeout: timedelta | None = None) -> JsonValue:  # noqa: ASYNC109  # see above
        """Wait for its end."""
        ...


class LeadDesk:
    """Takes leads in, has them analysed, and follows them to their end.

    `viewer` is everywhere whose leads may be seen and changed: a user's id, None for all. Whatever is not theirs is
    answered with `UnknownLeadError`, as what does not exist is.
    """

    def __init__(self, *, database: Database, log: EventLog, clock: Clock, engine: Launcher) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._engine = engine

    async def resume(self) -> int:
        """Go on with what an earlier process left undone; after the engine has started. How many leads."""
        async with self._database.read() as session:
            left = await store.select_unsettled(session)
        for lead in left:
            await self._launch(lead)
        return len(left)

    async def catch_up(self, *, patience: timedelta = PATIENCE) -> int:
        """Do again what was skipped because a service was away, in a new round of each lead; how many leads.

        One after the other, and no more once one finds its service still away. What was skipped for another reason,
        and what may have been sent, is left to people.
        """
        async with self._database.read() as session:
            since = self._clock.now() - OWED_FOR
            owing = await store.select_owed(session, since=since, limit=CAUGHT_UP_AT_ONCE)
        for number, lead in enumerate(owing):
            if not await self._catch_up_with(lead.lead_id, patience):
                return number
        return len(owing)

    async def submit(
        self,
        data: LeadData,
        *,
        user_id: str,
        analyze: bool = True,
        auto_respond: bool = False,
        patience: timedelta = PATIENCE,
    ) -> Lead:
        """Keep a lead and do what is asked for with it; waits for that, but not longer than `patience`."""
        now = self._clock.now()
        wanted = tuple(name for name, asked in (("analyze", analyze), ("auto_respond", auto_respond)) if asked)
        lead = Lead(
            lead_id=new_id("lead"),
            user_id=user_id,
            data=data,
            status=LeadStatus.NEW,
            analysis=None,
            follow_up=FollowUp(),
            wanted=wanted,
            round=1,
            settled=not wanted,
            version=1,
            created_at=now,
            updated_at=now,
        )
        async with self._database.write() as session:
            await store.insert_lead(session, lead)
            entry = LeadEntry(at=now, by=user_id, kind="submitted", text=f"Came in from {data.source}.")
            await store.add_entry(session, lead, entry)
            await self._log.record(session, events.LEAD_SUBMITTED, lead.lead_id, events.of_lead(lead))
        if not wanted:
            return lead
        await self._launch(lead)
        await self._await(lead, patience)
        return await self.find(lead.lead_id, viewer=None)

    async def find(self, lead_id: str, *, viewer: str | None) -> Lead:
        """Raises `UnknownLeadError`."""
        async with self._database.read() as session:
            return await store.find_lead(session, lead_id, viewer=viewer)

    async def history(self, lead_id: str, *, viewer: str | None) -> list[LeadEntry]:
        """What happened to a lead, the oldest first. Raises `UnknownLeadError`."""
        async with self._database.read() as session:
            await store.find_lead(session, lead_id, viewer=viewer)
            return await store.select_entries(session, lead_id)

    async def leads(
        self, wanted: Wanted | None = None, *, viewer: str | None, limit: int = 100, offset: int = 0
    ) -> tuple[list[Lead], int]:
        """A page of leads, the newest first, and how many fit in all."""
        async with self._database.read() as session:
            return await store.select_leads(session, wanted or Wanted(), viewer=viewer, limit=limit, offset=offset)

    async def analyze(self, lead_id: str, *, viewer: str | None, patience: timedelta = PATIENCE) -> Lead:
        """Analyse a lead anew and wait for it; one that is being analysed is waited for instead.

        Raises `UnknownLeadError`, or `AnalysisFailedError` if it took longer than `patience` or went wrong.
        """
        async with self._database.write() as session:
            lead = await store.lock_lead(session, lead_id, viewer=viewer)
            if lead.settled or "analyze" not in lead.wanted:
                still = tuple(one for one in lead.wanted if one == "auto_respond" and not lead.settled)
                changed = lead.model_copy(
                    update={"wanted": ("analyze", *still), "round": lead.round + 1, "settled": False, "problem": ""}
                )
                lead = await store.save_lead(session, changed, at=self._clock.now())
        await self._launch(lead)
        await self._await(lead, patience)
        found = await self.find(lead_id, viewer=viewer)
        if not found.settled or found.problem or found.analysis is None:
            why = found.problem or f"it takes longer than {patience.total_seconds():g} s and goes on; look again soon"
            raise AnalysisFailedError(f"the analysis of '{lead_id}' is not there: {why}", lead_id=lead_id)
        return found

    async def change(self, lead_id: str, change: LeadChange, *, viewer: str | None, by: str) -> Lead:
        """Move a lead, or put a note to it. Raises `UnknownLeadError`, `IllegalLeadMoveError`."""
        async with self._database.write() as session:
            lead = await store.lock_lead(session, lead_id, viewer=viewer)
            before, now = lead.status, self._clock.now()
            if change.status is not None and change.status != before:
                lead = await store.save_lead(session, lead.moved(change.status), at=now)
                text = f"From {before} to {change.status}."
                details: dict[str, Any] = {"from": str(before), "to": str(change.status)}
                await store.add_entry(
                    session, lead, LeadEntry(at=now, by=by, kind="status", text=text, details=details)
                )
            if change.note is not None:
                lead = await store.save_lead(session, lead, at=now)
                await store.add_entry(session, lead, LeadEntry(at=now, by=by, kind="note", text=change.note))
            await self._log.record(session, events.LEAD_CHANGED, lead_id, events.of_lead(lead))
            return lead

    async def delete(self, lead_id: str, *, viewer: str | None, by: str) -> Lead:
        """Take a lead away; it can be brought back for `RESTORABLE`. Raises `UnknownLeadError`."""
        async with self._database.write() as session:
            lead = await store.lock_lead(session, lead_id, viewer=viewer)
            now = self._clock.now()
            lead = await store.save_lead(session, lead.model_copy(update={"deleted_at": now}), at=now)
            await store.add_entry(session, lead, LeadEntry(at=now, by=by, kind="deleted", text="Deleted."))
            await self._log.record(session, events.LEAD_DELETED, lead_id, events.of_lead(lead))
            return lead

    async def restore(self, lead_id: str, *, viewer: str | None, by: str) -> Lead:
        """Bring a deleted lead back. Raises `UnknownLeadError`, `LeadNotDeletedError`."""
        async with self._database.write() as session:
            try:
                lead = await store.lock_lead(session, lead_id, viewer=viewer, deleted=True)
            except UnknownLeadError:
                lead = await store.find_lead(session, lead_id, viewer=viewer)
                raise LeadNotDeletedError(f"'{lead_id}' is not deleted", lead_id=lead_id) from None
            now = self._clock.now()
            lead = await store.save_lead(session, lead.model_copy(update={"deleted_at": None}), at=now)
            await store.add_entry(session, lead, LeadEntry(at=now, by=by, kind="restored", text="Brought back."))
            await self._log.record(session, events.LEAD_CHANGED, lead_id, events.of_lead(lead))
        if not lead.settled:
            await self._launch(lead)
        return lead

    async def purge(self) -> int:
        """Delete for good what can no longer be brought back; how many."""
        async with self._database.write() as session:
            return await store.purge_deleted(session, self._clock.now() - RESTORABLE)

    async def _catch_up_with(self, lead_id: str, patience: timedelta) -> bool:
        """Whether nothing is owed to this lead any more."""
        with suppress(UnknownLeadError):
            async with self._database.write() as session:
                lead = await store.lock_lead(session, lead_id, viewer=None)
                owed = lead.follow_up.owed()
                if not lead.settled or not owed:
                    return True
                changed = lead.model_copy(update={"wanted": owed, "round": lead.round + 1, "settled": False})
                lead = await store.save_lead(session, changed, at=self._clock.now())
            await self._launch(lead)
            await self._await(lead, patience)
            return not (await self.find(lead_id, viewer=None)).follow_up.owed()
        return True

    async def _launch(self, lead: Lead) -> None:
        try:
            await self._engine.launch(RUN_NAME, _run_id(lead), {"lead_id": lead.lead_id, "round": lead.round})
        except FolkmootError as error:
            # The lead is kept and unsettled: the next start launches it.
            _log.warning("a lead's follow-up waits for the next start", lead_id=lead.lead_id, error=error.message)

    async def _await(self, lead: Lead, patience: timedelta) -> None:
        with suppress(RunTimeoutError):
            try:
                await self._engine.result(_run_id(lead), timeout=patience)
            except RunTimeoutError:
                raise
            except FolkmootError as error:
                _log.warning("a lead's follow-up cannot be waited for", lead_id=lead.lead_id, error=error.message)


def _run_id(lead: Lead) -> str:
    return f"{lead.lead_id}-{lead.round}"


def viewer_of(user_id: str, *, is_admin: bool) -> str | None:
    """Whose leads somebody may see: an administrator everybody's."""
    return None if is_admin else user_id
