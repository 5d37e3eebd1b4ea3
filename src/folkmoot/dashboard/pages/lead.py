"""One lead: what was said, what it is worth and why, what was sent, what happened, and what can be done."""

from datetime import timedelta
from typing import Final

from folkmoot.dashboard.components import lead_marks, marks, words
from folkmoot.dashboard.components.dialogs import confirm, opener
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, go, heading, path, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import notice, waiting
from folkmoot.dashboard.frame import crumb
from folkmoot.dashboard.visit import Visit
from folkmoot.leads import Lead, LeadAnalysis, LeadChange, LeadStatus, UnknownLeadError
from folkmoot.leads.desk import viewer_of
from folkmoot.leads.model import MOVES, Contact, LeadEntry

MOVE: Final = "PATCH /api/leads/{lead_id}"
ANALYZE: Final = "POST /api/leads/{lead_id}/analyze"
DELETE: Final = "DELETE /api/leads/{lead_id}"
PATIENCE: Final = timedelta(seconds=12)  # a page is not kept waiting for a model: it follows


async def build(visit: Visit) -> None:
    """The page. Raises `UnknownLeadError`."""
    page = _Lead(visit, visit.request.path_params["lead_id"])
    await page.show()
    visit.follow(page.refresh, subject=page.lead_id)


class _Lead:
    def __init__(self, visit: Visit, lead_id: str) -> None:
        self._visit = visit
        self.lead_id = lead_id

    @property
    def _viewer(self) -> str | None:
        return viewer_of(self._visit.principal.user_id, is_admin=self._visit.principal.is_admin)

    async def show(self) -> None:
        lead, history = await self._read()
        crumb("All leads", "leads")
        self._head = tag("div")
        with tag("div", css="cols"):
            self._main = tag("div", css="stack")
            with tag("aside", css="rail stack", aria_label="About this lead"):
                self._facts = tag("div")
                self._actions = tag("div")
                if self._visit.may(MOVE):
                    with tag("div", css="card tight"), form(self._note, css="stack close"):
                        self._note_form = Form("note")
                        self._note_form.text("note", "Note", rows=3, maxlength=5000)
                        button("Keep the note", kind="full", type="submit")
        if self._visit.may(DELETE):
            text = "It disappears from the board; for a week `folkmoot lead restore` brings it back."
            confirm("delete-lead", "Delete this lead?", text, "Delete", self._delete)
        self._fill(lead, history)

    async def refresh(self) -> None:
        try:
            lead, history = await self._read()
        except UnknownLeadError:
            go(path("leads"))
            return
        self._fill(lead, history)

    async def _read(self) -> tuple[Lead, list[LeadEntry]]:
        desk = self._visit.parts.leads
        lead = await desk.find(self.lead_id, viewer=self._viewer)
        return lead, await desk.history(self.lead_id, viewer=self._viewer)

    def _fill(self, lead: Lead, history: list[LeadEntry]) -> None:
        with clear(self._head):
            with tag("div", css="row").style("margin-bottom:8px"):
                lead_marks.status_chip(lead.status)
                if lead.analysis is not None:
                    lead_marks.priority_chip(lead.analysis.lead_score.priority)
                tag("span", f"from {lead.data.source}", css="tag")
            heading(1, lead.data.company or lead.data.name).style("overflow-wrap:anywhere;margin-bottom:18px")
        with clear(self._main):
            _message(lead)
            if not lead.settled:
                waiting("It is being followed up")
            if lead.problem:
                notice("Its follow-up did not end well", lead.problem, colour="red", sign="alert")
            if lead.analysis is not None:
                _analysis(lead.analysis)
            _history(history)
        with clear(self._facts):
            _facts(lead)
        with clear(self._actions):
            self._buttons(lead)

    def _buttons(self, lead: Lead) -> None:
        with tag("div", css="card tight stack close"):
            heading(2, "What you can do", css="visually-hidden")
            if self._visit.may(ANALYZE):
                button("Analyse again" if lead.analysis else "Analyse", self._analyze, sign="spark", kind="full")
            if self._visit.may(MOVE):
                for number, status in enumerate(MOVES[lead.status]):
                    text, _, sign = lead_marks.STATUSES[status]
                    button(
                        f"Move to {text.lower()}",
                        lambda wanted=status: self._move(wanted),  # type: ignore[misc]  # bound now
                        sign=sign,
                        kind="primary full" if number == 0 else "full",
                    )
            if self._visit.may(DELETE):
                button("Delete", sign="trash", kind="danger full", js=opener("delete-lead"))

    async def _analyze(self) -> None:
        act = self._visit.parts.leads.analyze
        await self._visit.act(
            lambda: act(self.lead_id, viewer=self._viewer, patience=PATIENCE), said="Analysed.", needs=ANALYZE
        )

    async def _move(self, status: LeadStatus) -> None:
        await self._change(LeadChange(status=status), f"Moved to {lead_marks.STATUSES[status][0].lower()}.")

    async def _note(self, fields: Fields) -> None:
        text = field_of(fields, "note")
        self._note_form.show({} if text else {"note": "Write something first."})
        if text and await self._change(LeadChange(note=text[:5000]), "Kept."):
            self._visit.run("document.getElementById('note-note').value = ''")

    async def _change(self, change: LeadChange, said: str) -> bool:
        desk, by = self._visit.parts.leads, self._visit.principal.user_id
        return await self._visit.act(
            lambda: desk.change(self.lead_id, change, viewer=self._viewer, by=by), said=said, needs=MOVE
        )

    async def _delete(self) -> None:
        desk, by = self._visit.parts.leads, self._visit.principal.user_id
        if await self._visit.act(lambda: desk.delete(self.lead_id, viewer=self._viewer, by=by), needs=DELETE):
            go(path("leads"))


def _message(lead: Lead) -> None:
    with tag("section", css="card", aria_label="Message"):
        heading(2, "What they wrote")
        text = lead.data.message or "Nothing."
        tag("p", text, css="prose").style("white-space:pre-wrap;overflow-wrap:anywhere;margin-top:8px")
        if lead.data.services_interested:
            with tag("div").style("margin-top:12px"):
                marks.tags(lead.data.services_interested)


def _analysis(analysis: LeadAnalysis) -> None:
    score = analysis.lead_score
    with tag("section", css="card stack", aria_label="Analysis"):
        with tag("div", css="between"):
            heading(2, "How serious it is")
            tag("b", f"{score.score:.0f}", css="nums").style("font-size:32px")
        low, high = score.interval
        said = f"of 100; {words.percent(score.confidence)} sure. The factors allow {low:.0f} to {high:.0f}."
        tag("p", f"{said} Decided by {analysis.decided_by}, {words.moment(analysis.analyzed_at)}.", css="faint small")
        for one in analysis.checked:
            notice("Checked against the factors", one, colour="amber", sign="shield")
        lead_marks.factors(analysis)
        _lines("What stands out", analysis.key_insights)
        _lines("What to do next", analysis.suggested_actions)
        if analysis.recommended_services:
            heading(3, "Services that fit")
            with tag("dl", css="facts"):
                for service in analysis.recommended_services:
                    tag("dt", words.plain(service))
                    tag("dd", analysis.service_reasons.get(service, ""))
        value = analysis.estimated_value
        if value is not None:
            heading(3, "What it may be worth")
            span = f"{value.low:,.0f}" if value.low == value.high else f"{value.low:,.0f} to {value.high:,.0f}"
            tag("p", f"{span} {value.currency}: {value.basis}", css="muted")


def _lines(title: str, lines: tuple[str, ...]) -> None:
    if lines:
        heading(3, title)
        with tag("ul", css="list"):
            for line in lines:
                tag("li", line).style("overflow-wrap:anywhere")


def _history(history: list[LeadEntry]) -> None:
    with tag("section", css="card", aria_label="History"):
        heading(2, "What happened")
        with tag("ol", css="list").style("margin-top:10px"):
            for entry in reversed(history):
                with tag("li"):
                    text = f"“{entry.text}”" if entry.kind == "note" else entry.text
                    tag("div", text).style("white-space:pre-wrap;overflow-wrap:anywhere")
                    tag("div", f"{words.moment(entry.at)}, {entry.by}", css="faint small")


def _facts(lead: Lead) -> None:
    with tag("div", css="card tight"), tag("dl", css="facts"):
        for name, value in (
            ("Name", lead.data.name),
            ("E-mail", lead.data.email),
            ("Phone", lead.data.phone),
            ("Budget", lead.data.budget_range),
            ("Time", lead.data.timeline),
            ("Came in", words.moment(lead.created_at)),
        ):
            if value:
                tag("dt", name)
                tag("dd", value)
        for name, sent in (
            ("Team told", lead.follow_up.notification),
            ("Answered", lead.follow_up.auto_response),
            ("In the CRM", lead.follow_up.crm_sync),
        ):
            if sent is not None:
                _sent(name, sent)
        tag("dt", "Id")
        with tag("dd"):
            tag("code", lead.lead_id, css="faint")


def _sent(name: str, sent: Contact) -> None:
    tag("dt", name)
    with tag("dd"):
        marks.chip(*lead_marks.SENT[sent.status])
        if sent.detail:
            tag("div", sent.detail, css="faint small")
