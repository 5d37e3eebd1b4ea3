"""What follows from a lead, as a durable run: analyse, tell the team, answer, bring into the CRM.

Each act is a step; what is sent goes through the tool log under a key of the lead and the round, so that a step that
is done again after a crash sends nothing again. What was sent once, or may have been, is never sent by a later round.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, FolkmootError
from folkmoot.leads import events, letters, store
from folkmoot.leads.analyze import Analyst
from folkmoot.leads.errors import UnknownLeadError
from folkmoot.leads.model import Contact, Lead, LeadEntry, Priority
from folkmoot.runs import Run
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger
from folkmoot.tools import ToolOutcome

RUN_NAME: Final = "lead_follow_up"
HOUSE: Final = "leads"
Sending = Literal["notification", "auto_response", "crm_sync"]
_TOOL: Final[Mapping[Sending, str]] = {
    "notification": letters.NOTIFY,
    "auto_response": letters.RESPOND,
    "crm_sync": letters.SYNC,
}
_SAID: Final[Mapping[Sending, str]] = {
    "notification": "The team was told",
    "auto_response": "An answer was sent",
    "crm_sync": "The CRM was brought up to date",
}
# After these nothing reached anybody, so that a later round may try again.
_NOTHING_HAPPENED: Final = frozenset({"skipped", "failed", "denied"})
_log = get_logger("folkmoot.leads")


class Caller(Protocol):
    """What of `folkmoot.tools.ToolDesk` is needed here."""

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        agent_id: str,
        user_id: str | None,
        conversation_id: str | None = None,
        key: str | None = None,
    ) -> ToolOutcome:
        """Call a tool for an agent; the same key again answers what came of it before."""
        ...


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Who acts for a lead: an agent that may call a tool, with the model it thinks with."""

    agent_id: str
    model: str | None = None


class Team(Protocol):
    """What has to be known of the team."""

    @property
    def name(self) -> str:
        """What it is called in a letter."""
        ...

    def titles(self) -> Mapping[str, str]:
        """What each service is called."""
        ...

    def who_may(self, tool: str) -> Colleague | None:
        """The agent that has this tool; the one that qualifies leads first."""
        ...


class FollowUps:
    """Carries out what a lead asks for. Register `run` under `RUN_NAME` before the engine starts."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        clock: Clock,
        analyst: Analyst,
        tools: Caller,
        team: Team,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._analyst = analyst
        self._tools = tools
        self._team = team

    async def run(self, run: Run, given: Any) -> str:
        """Follow up one round of one lead; says how it ended."""
        lead_id, number = str(given["lead_id"]), int(given["round"])
        try:
            wanted = await run.step("begin", self._begin, lead_id, number)
            if wanted is None:
                return "overtaken"
            if "analyze" in wanted:
                await run.step("analyze", self._analyze, lead_id, number)
            if "analyze" in wanted or "notify" in wanted:
                await run.step("notify", self._send, lead_id, number, "notification")
            if "auto_respond" in wanted:
                await run.step("respond", self._send, lead_id, number, "auto_response")
            if "analyze" in wanted or "sync" in wanted:
                await run.step("sync", self._send, lead_id, number, "crm_sync")
            await run.step("settle", self._settle, lead_id, number, "")
        except UnknownLeadError:
            return "gone"
        except FolkmootError as error:
            _log.error("a lead's follow-up failed", lead_id=lead_id, error=error.message)
            await run.step("settle-failed", self._settle, lead_id, number, error.message)
            return "failed"
        return "done"

    async def _begin(self, lead_id: str, number: int) -> list[str] | None:
        lead = await self._find(lead_id)
        return list(lead.wanted) if lead.round == number and not lead.settled else None

    async def _analyze(self, lead_id: str, number: int) -> None:
        lead = await self._find(lead_id)
        colleague = self._team.who_may(letters.NOTIFY) or self._team.who_may(letters.SYNC)
        by = colleague.agent_id if colleague else HOUSE
        analysis = await self._analyst.analyze(lead, agent_id=by, model=colleague.model if colleague else None)
        async with self._database.write() as session:
            now = self._clock.now()
            lead = await store.lock_lead(session, lead_id, viewer=None)
            if lead.round != number:
                return
            lead = await store.save_lead(session, lead.model_copy(update={"analysis": analysis}), at=now)
            score = analysis.lead_score
            text = f"Analysed: {score.score:g} of 100, priority {score.priority}, by {analysis.decided_by}."
            details: dict[str, Any] = {"score": score.score, "priority": str(score.priority), "round": number}
            entry = LeadEntry(at=now, by=by, kind="analyzed", text=text, details=details)
            await store.add_entry(session, lead, entry)
            await self._log.record(session, events.LEAD_ANALYZED, lead_id, events.of_lead(lead))

    async def _send(self, lead_id: str, number: int, what: Sending) -> None:
        lead = await self._find(lead_id)
        before: Contact | None = getattr(lead.follow_up, what)
        if what == "notification" and (lead.analysis is None or lead.analysis.lead_score.priority is not Priority.HIGH):
            return
        if what != "crm_sync" and before is not None and before.status not in _NOTHING_HAPPENED:
            return
        colleague = self._team.who_may(_TOOL[what])
        by = colleague.agent_id if colleague else HOUSE
        contact = await self._called(what, lead, number, colleague)
        async with self._database.write() as session:
            lead = await store.lock_lead(session, lead_id, viewer=None)
            follow_up = lead.follow_up.model_copy(update={what: contact})
            lead = await store.save_lead(session, lead.model_copy(update={"follow_up": follow_up}), at=contact.at)
            done = contact.status == "succeeded"
            text = f"{_SAID[what]}." if done else f"{_TOOL[what]}: {contact.status}. {contact.detail}"
            details: dict[str, Any] = {"what": what, "status": contact.status, "call_id": contact.call_id}
            entry = LeadEntry(at=contact.at, by=by, kind="sent", text=text.strip(), details=details)
            if before is None or (before.status, before.code) != ("skipped", contact.code):
                # An hour without the CRM is one line of a lead's history, however often it was tried.
                await store.add_entry(session, lead, entry)
            await self._log.record(session, events.LEAD_CHANGED, lead_id, events.of_lead(lead))

    async def _called(self, what: Sending, lead: Lead, number: int, colleague: Colleague | None) -> Contact:
        tool = _TOOL[what]
        if colleague is None:
            detail = f"no agent of this team has the tool {tool}; name it among the tools of one in workplace.yaml"
            return Contact(status="skipped", detail=detail, at=self._clock.now())
        outcome = await self._tools.call(
            tool,
            self._letter(what, lead),
            agent_id=colleague.agent_id,
            user_id=lead.user_id,
            conversation_id=lead.lead_id,
            key=f"lead:{lead.lead_id}:{what}:{number}",
        )
        return Contact(
            status=outcome.status.value,
            detail=outcome.error or "",
            code=outcome.code,
            call_id=outcome.call_id,
            at=self._clock.now(),
        )

    async def _settle(self, lead_id: str, number: int, problem: str) -> None:
        async with self._database.write() as session:
            lead = await store.lock_lead(session, lead_id, viewer=None)
            if lead.round == number:
                changed = lead.model_copy(update={"settled": True, "problem": problem})
                lead = await store.save_lead(session, changed, at=self._clock.now())
                await self._log.record(session, events.LEAD_CHANGED, lead_id, events.of_lead(lead))

    async def _find(self, lead_id: str) -> Lead:
        async with self._database.read() as session:
            return await store.find_lead(session, lead_id, viewer=None)

    def _letter(self, what: Sending, lead: Lead) -> dict[str, Any]:
        makers: Mapping[Sending, Callable[[], dict[str, Any]]] = {
            "notification": lambda: letters.notification(lead),
            "auto_response": lambda: letters.auto_response(lead, house=self._team.name, titles=self._team.titles()),
            "crm_sync": lambda: letters.crm_entry(lead),
        }
        return makers[what]()
