"""One twin: what was learned and from which messages, what the person permitted, what was imported.

Bringing an export in stands in `twin_import.py`, consents and forgetting in `twin_rights.py`.
"""

from collections.abc import Sequence

from nicegui import ui

from folkmoot.dashboard.components import learned, marks, words
from folkmoot.dashboard.components.dom import clear, go, heading, link, tag
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.frame import crumb
from folkmoot.dashboard.pages.twin_import import ImportSection
from folkmoot.dashboard.pages.twin_rights import Rights
from folkmoot.dashboard.visit import Visit
from folkmoot.twins.errors import UnknownTwinError
from folkmoot.twins.model import TwinMessage
from folkmoot.twins.roster import TwinView
from folkmoot.web.ownership import check_person

_EVENTS = [
    "consent_granted",
    "consent_revoked",
    "consent_expired",
    "import_done",
    "import_failed",
    "profile_learned",
    "twin_forgotten",
]


async def build(visit: Visit) -> None:
    """The page of `person`."""
    page = _TwinPage(visit, visit.request.path_params["person"])
    await page.show()
    visit.follow(page.refresh, types=_EVENTS)


class _TwinPage:
    def __init__(self, visit: Visit, person: str) -> None:
        self._visit = visit
        self._person = person
        self._profile: object = ()

    async def show(self) -> None:
        check_person(self._visit.principal, self._person)
        view = await self._visit.parts.twins.view(self._person)
        ui.page_title(f"{view.twin.name} · Folkmoot")
        crumb("All twins", "twins")
        self._head = tag("div", css="page-head")
        with tag("div", css="cols rail-last"):
            self._main = tag("div")
            with tag("aside", css="rail stack", aria_label="Consents and imports"):
                self._rights = Rights(self._visit, view.twin)
                self._imports = ImportSection(self._visit, view.twin)
        self._fill(view)

    async def refresh(self) -> None:
        """Read the twin again; it may have been forgotten."""
        await self._visit.meet()
        try:
            check_person(self._visit.principal, self._person)
            self._fill(await self._visit.parts.twins.view(self._person))
        except UnknownTwinError:
            if not self._rights.forgotten:
                go("/dashboard/twins")

    def _fill(self, view: TwinView) -> None:
        with clear(self._head):
            self._fill_head(view)
        self._rights.update(view)
        self._imports.update(view)
        permitted = any("profile" in one.purposes and one.is_live(self._visit.now) for one in view.consents)
        if (view.profile, permitted) != self._profile:
            self._profile = (view.profile, permitted)
            with clear(self._main):
                self._fill_profile(view, permitted=permitted)

    def _fill_head(self, view: TwinView) -> None:
        agent = self._visit.agents.get(view.twin.agent_id)
        name = agent.name if agent else view.twin.name
        with tag("div", css="row").style("gap:16px;flex-wrap:nowrap;min-width:0"):
            marks.avatar(view.twin.agent_id, name, size="l")
            with tag("div").style("min-width:0"):
                heading(1, name).style("overflow-wrap:anywhere")
                tag("p", " · ".join(filter(None, (agent.role if agent else "", view.twin.email))), css="muted")
                with tag("div", css="row").style("margin-top:8px"):
                    for one in view.messages:
                        text = f"{one.platform}: {words.count(one.own, 'message')}"
                        tag("span", f"{text}, {one.context} of context", css="tag")
        if agent is not None:
            link("The agent", "agents", agent.agent_id, css="btn")

    def _fill_profile(self, view: TwinView, *, permitted: bool) -> None:
        profile = view.profile
        if profile is None:
            empty(
                "Nothing learned yet",
                "Import an export, and what it shows will stand here."
                if permitted
                else "It takes a live consent for “profile”, and an export that was imported under one for “import”.",
                sign="twins",
            )
            return
        if self._profile_labels(view):
            marks.tags(self._profile_labels(view), lead=9)
        evidence = learned.Evidence(self._messages)
        with tag("section", css="section", aria_label="Skills"):
            learned.section(
                "Skills", f"{words.count(profile.messages, 'message')}, compared with what others wrote around"
            )
            learned.skills(profile, evidence)
        with tag("section", css="section", aria_label="Manner"):
            learned.section("Manner", "How they write, work and decide")
            learned.manner(profile, evidence)
        with tag("section", css="section", aria_label="Hours"):
            learned.section("Through the day", "Messages by hour, in the export’s time zone")
            learned.hours(profile)

    def _profile_labels(self, view: TwinView) -> list[str]:
        return list(view.profile.style.labels) if view.profile else []

    async def _messages(self, ids: Sequence[str]) -> Sequence[TwinMessage]:
        if not await self._visit.may_stay():
            return []
        check_person(self._visit.principal, self._person)
        return await self._visit.parts.twins.messages(self._person, ids)
