"""The twins: who has one, on how much it rests, what it knows best; and making a new one."""

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dialogs import dialog, foot, opener
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, go, link, path, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty, toast
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.twins.roster import TwinView
from folkmoot.web.ownership import check_speaks_for, owns_person

MAKE = "POST /api/twins"
_EVENTS = [
    "consent_granted",
    "consent_revoked",
    "consent_expired",
    "import_done",
    "profile_learned",
    "twin_forgotten",
    "agent_registered",
]


async def build(visit: Visit) -> None:
    """The page."""
    page = _Twins(visit)
    await page.refresh()
    visit.follow(page.refresh, types=_EVENTS)


class _Twins:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        with page_head("Twins", "Each stands for a person, and knows only what that person permitted."):
            if visit.may(MAKE):
                button("New twin", sign="plus", kind="primary", js=opener("new-twin"))
        self._grid = tag("div")
        self._form = Form("twin")
        with dialog("new-twin", "New twin"), form(self._create, css="stack"):
            tag("p", "It is an agent at once. What it learns needs the person’s consent.", css="muted")
            self._form.text("person", "Person", maxlength=200, required=True, autocomplete="off")
            self._form.text(
                "email", "E-mail", type="email", maxlength=254, hint="Where the person is reached; optional."
            )
            with tag("div", css="fields"):
                self._form.text("role", "Role", maxlength=200)
                self._form.text("department", "Department", maxlength=200)
            foot("new-twin", "Make the twin")

    async def refresh(self) -> None:
        """Read all twins again."""
        twins = self._visit.parts.twins
        theirs = [one for one in await twins.list() if owns_person(self._visit.principal, one.person)]
        views = [await twins.view(one.name) for one in theirs]
        with clear(self._grid):
            if not views:
                empty(
                    "No twins yet",
                    "Make one for a person of the team, then import what they hand over.",
                    sign="twins",
                    action=_offer if self._visit.may(MAKE) else None,
                )
            with tag("div", css="grid"):
                for view in views:
                    self._card(view)

    def _card(self, view: TwinView) -> None:
        twin, profile = view.twin, view.profile
        agent = self._visit.agents.get(twin.agent_id)
        live = [one for one in view.consents if one.is_live(self._visit.now)]
        own = sum(one.own for one in view.messages)
        with link("", "twins", twin.person, css="card tight stack"):
            with tag("div", css="row tight"):
                marks.avatar(twin.agent_id, agent.name if agent else twin.name)
                with tag("div", css="grow"):
                    tag("div", agent.name if agent else twin.name, css="strong clip")
                    tag("div", agent.role if agent and agent.role else twin.person, css="faint clip")
            with tag("div", css="row"):
                if live:
                    marks.chip(words.count(len(live), "live consent"), "green", "shield")
                else:
                    marks.chip("No live consent", "amber", "shield")
                tag("span", words.count(own, "message"), css="faint nums")
            if profile is not None and profile.skills:
                marks.tags([words.plain(one.name) for one in profile.skills[:5]])
            else:
                tag("p", "Nothing learned yet.", css="faint")

    async def _create(self, fields: Fields) -> None:
        person, email = field_of(fields, "person"), field_of(fields, "email")
        faults = {} if person else {"person": "Whose twin is it?"}
        if email and ("@" not in email or " " in email):
            faults["email"] = "This is not an e-mail address."
        self._form.show(faults)
        if faults or not await self._visit.may_act(MAKE):
            return
        try:
            check_speaks_for(self._visit.principal, person)
            twin = await self._visit.parts.team.ensure_twin(
                person, email=email, role=field_of(fields, "role"), department=field_of(fields, "department")
            )
        except FolkmootError as error:
            toast(error.message, fault=True)
            return
        go(path("twins", twin.person))


def _offer() -> None:
    button("New twin", sign="plus", kind="primary", js=opener("new-twin"))
