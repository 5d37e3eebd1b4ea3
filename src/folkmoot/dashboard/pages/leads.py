"""The leads as a board: a lane for each status, cards that can be dragged or moved by their buttons, and a form."""

from typing import Final

from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments
from pydantic import ValidationError

from folkmoot.dashboard.components import lead_marks, words
from folkmoot.dashboard.components.dialogs import dialog, foot, opener
from folkmoot.dashboard.components.dom import (
    Fields,
    button,
    clear,
    field_of,
    form,
    go,
    heading,
    on_value,
    path,
    tag,
)
from folkmoot.dashboard.components.fields import Form, faults_of
from folkmoot.dashboard.components.notices import empty, toast
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.leads import Lead, LeadChange, LeadData, LeadStatus, Priority, events
from folkmoot.leads.desk import viewer_of
from folkmoot.leads.model import MOVES
from folkmoot.leads.store import Wanted

A_LANE: Final = 30
MOVE: Final = "PATCH /api/leads/{lead_id}"
ADD: Final = "POST /api/leads/submit"
_FIELDS: Final = (
    *("name", "email", "company", "phone", "message", "services_interested", "budget_range", "timeline", "source"),
)
_UNDO: Final = "undo-move"
_DROP: Final = "(e) => { e.preventDefault(); emit(e.dataTransfer.getData('text/plain')); }"


async def build(visit: Visit) -> None:
    """The page; `?new` opens the form."""
    page = _Leads(visit)
    await page.refresh()
    visit.follow(page.refresh, types=list(events.ALL))


class _Leads:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._text = ""
        self._priority = ""
        self._may_move = visit.may(MOVE)
        self._undo: tuple[str, LeadStatus] | None = None
        with page_head("Leads", "Who asked for what, how serious it is, and why."):
            if visit.may(ADD):
                button("New lead", sign="plus", kind="primary", js=opener("new-lead"))
        filters = Form("filter")
        with tag("div", css="filters", role="search", aria_label="Filter leads"):
            filters.text("text", "Search", css="grow", placeholder="Name, company or address", autocomplete="off")
            named = {one.value: lead_marks.PRIORITIES[one][0] for one in Priority}
            priority = filters.choice("priority", "Priority", {"": "All", **named})
        on_value(filters.element("text"), "input", self._search)
        on_value(priority, "change", self._choose)
        self._count = tag("p", css="faint", role="status").style("margin-bottom:12px")
        self._board = tag("div")
        button("Undo", self._take_back, id=_UNDO, hidden=True, tabindex="-1")
        self._form = Form("lead")
        if visit.may(ADD):
            self._build_form()

    @property
    def _viewer(self) -> str | None:
        return viewer_of(self._visit.principal.user_id, is_admin=self._visit.principal.is_admin)

    async def refresh(self) -> None:
        """Read every lane again."""
        priority = Priority(self._priority) if self._priority else None
        lanes: list[tuple[LeadStatus, list[Lead], int]] = []
        for status in LeadStatus:
            wanted = Wanted(status=status, priority=priority, text=self._text or None)
            lanes.append((status, *await self._visit.parts.leads.leads(wanted, viewer=self._viewer, limit=A_LANE)))
        total = sum(number for _, _, number in lanes)
        self._count.set_text(words.count(total, "lead"))
        with clear(self._board):
            if not total and not (self._text or priority):
                empty("No leads yet", "They come by the form of your site, by command, or by hand.", sign="inbox")
                return
            columns = "grid-template-columns:repeat(auto-fit,minmax(min(100%,140px),1fr));gap:var(--s2)"
            with tag("div", css="board").style(columns):
                for status, leads, number in lanes:
                    self._lane(status, leads, number)

    def _lane(self, status: LeadStatus, leads: list[Lead], total: int) -> None:
        name = lead_marks.STATUSES[status][0]
        lane = tag("section", css="lane", aria_label=f"{name}, {words.count(total, 'lead')}")
        if self._may_move:
            self._take_drops(lane, status)
        with lane:
            with heading(2, "").style(
                "font-size:var(--t-s);display:flex;justify-content:space-between;padding:2px 4px 10px"
            ):
                tag("span", name)
                tag("span", str(total), css="faint nums")
            with tag("ul", css="stack"):
                for lead in leads:
                    self._card(lead)
                if not leads:
                    tag("li", "None", css="faint").style("padding:0 4px 6px")
            if total > len(leads):
                tag("p", f"and {total - len(leads)} more", css="faint").style("padding:8px 4px 0")

    def _card(self, lead: Lead) -> None:
        card = tag("li", css="card stack close", draggable="true" if self._may_move and MOVES[lead.status] else None)
        lead_id = lead.lead_id  # made by us: letters, digits and an underscore
        card.on("dragstart", js_handler=f"(e) => e.dataTransfer.setData('text/plain', '{lead_id}')")
        with card:
            lead_marks.small_card(lead, self._visit.now)
            if self._may_move and MOVES[lead.status]:
                with tag("div", css="row tight"):
                    for status in MOVES[lead.status]:
                        text, _, sign = lead_marks.STATUSES[status]
                        button(
                            "",
                            lambda wanted=status: self._move(lead_id, wanted),  # type: ignore[misc]  # bound now
                            sign=sign,
                            kind="quiet square",
                            title=f"Move to {text}",
                            aria_label=f"Move {lead.data.name} to {text}",
                        ).style("width:34px;min-height:34px")

    def _take_drops(self, lane: TextElement, status: LeadStatus) -> None:
        async def dropped(event: GenericEventArguments) -> None:
            lead_id = str(event.args)
            if lead_id.startswith("lead_"):
                await self._move(lead_id, status)

        lane.on("dragover", js_handler="(e) => e.preventDefault()")
        lane.on("drop", dropped, js_handler=_DROP)

    async def _move(self, lead_id: str, status: LeadStatus) -> None:
        desk, name = self._visit.parts.leads, lead_marks.STATUSES[status][0]
        before: list[LeadStatus] = []

        async def move() -> None:
            before.append((await desk.find(lead_id, viewer=self._viewer)).status)
            change = LeadChange(status=status)
            await desk.change(lead_id, change, viewer=self._viewer, by=self._visit.principal.user_id)

        if await self._visit.may_act(MOVE):
            back = _UNDO if status is not LeadStatus.LOST and status is not LeadStatus.WON else None
            if await self._visit.act(move, said=f"Moved to {name}.", undo=back, needs=MOVE):
                self._undo = (lead_id, before[0])

    async def _take_back(self) -> None:
        undo, self._undo = self._undo, None
        if undo is not None:
            lead_id, status = undo
            by = self._visit.principal.user_id
            change = LeadChange(status=status)
            await self._visit.act(
                lambda: self._visit.parts.leads.change(lead_id, change, viewer=self._viewer, by=by),
                said="Taken back.",
                needs=MOVE,
            )

    async def _search(self, value: str) -> None:
        self._text = value.strip()[:200]
        await self.refresh()

    async def _choose(self, value: str) -> None:
        self._priority = value if value in list(Priority) else ""
        await self.refresh()

    def _build_form(self) -> None:
        with dialog("new-lead", "New lead"), form(self._submit):
            with tag("div", css="fields"):
                self._form.text("name", "Name", maxlength=200, required=True, autocomplete="off")
                self._form.text("email", "E-mail", maxlength=254, required=True, autocomplete="off")
                self._form.text("company", "Company", maxlength=200)
                self._form.text("phone", "Phone", maxlength=60)
                self._form.text("message", "What they want", css="whole", rows=5, maxlength=20_000)
                self._form.text("services_interested", "Services", css="whole", hint="Separated by commas; optional.")
                self._form.text("budget_range", "Budget", placeholder="50000-80000", maxlength=200)
                self._form.text("timeline", "Time", placeholder="3 months", maxlength=200)
                self._form.text("source", "Came from", value="by hand", maxlength=200)
            foot("new-lead", "Keep and analyse it")

    async def _submit(self, fields: Fields) -> None:
        values: dict[str, object] = {name: field_of(fields, name) or None for name in _FIELDS}
        services = [one.strip() for one in field_of(fields, "services_interested").split(",")]
        values["services_interested"] = [one for one in services if one]
        values["message"] = field_of(fields, "message")
        values["source"] = values["source"] or "by hand"
        faults, data = {}, None
        try:
            data = LeadData.model_validate({name: value for name, value in values.items() if value is not None})
        except ValidationError as error:
            faults = faults_of(error, _FIELDS)
        self._form.show(faults)
        if data is None or not await self._visit.may_act(ADD):
            return
        try:
            lead = await self._visit.parts.leads.submit(data, user_id=self._visit.principal.user_id)
        except FolkmootError as error:
            toast(error.message, fault=True)
            return
        go(path("leads", lead.lead_id))
