"""Everybody who works here: filters, and a card each with presence, availability and load."""

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import clear, link, on_value, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.visit import Visit
from folkmoot.registry import AgentRecord

SHOWN = 200


async def build(visit: Visit) -> None:
    """The page."""
    page = _Agents(visit)
    page.show()
    visit.follow(page.refresh, types=["agent_status", "agent_updated", "agent_registered", "agent_deregistered"])


class _Agents:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._wanted = {"text": "", "department": "", "state": ""}
        with page_head("Agents", "Twins of people, specialists, and the manager who shares out the work."):
            pass
        form = Form("filter")
        departments = sorted({one.department for one in visit.agents.values() if one.department})
        with tag("div", css="filters", role="search", aria_label="Filter agents"):
            form.text("text", "Search", css="grow", placeholder="Name, role or skill", autocomplete="off")
            department = form.choice("department", "Department", {"": "All", **{one: one for one in departments}})
            state = form.choice(
                "state",
                "State",
                {"": "All", "online": "Online", "offline": "Offline", "free": "Has room", "full": "Full"},
            )
        on_value(form.element("text"), "input", lambda value: self._filter("text", value))
        on_value(department, "change", lambda value: self._filter("department", value))
        on_value(state, "change", lambda value: self._filter("state", value))
        self._count = tag("p", css="faint", role="status").style("margin-bottom:12px")
        self._grid = tag("div")

    async def _filter(self, name: str, value: str) -> None:
        self._wanted[name] = value.strip()
        self.show()

    async def refresh(self) -> None:
        """Read everybody again."""
        await self._visit.meet()
        self.show()

    def show(self) -> None:
        """Show whoever fits."""
        found = sorted(
            (one for one in self._visit.agents.values() if self._fits(one)),
            key=lambda one: (one.type == "manager", one.name.casefold()),
        )
        self._count.set_text(f"{words.count(len(found), 'agent')} of {len(self._visit.agents)}")
        with clear(self._grid):
            if not found:
                if self._visit.agents:
                    empty("Nobody fits", "Change the filters to see others.", sign="search")
                else:
                    empty("Nobody works here yet", "Agents come from the workplace file, or as twins.", sign="people")
            with tag("div", css="grid"):
                for one in found[:SHOWN]:
                    _card(one)
            if len(found) > SHOWN:
                tag("p", f"{len(found) - SHOWN} more: narrow the filters to see them.", css="muted")

    def _fits(self, one: AgentRecord) -> bool:
        text, state = self._wanted["text"].casefold(), self._wanted["state"]
        told = " ".join((one.name, one.agent_id, one.role, one.department, *one.capabilities)).casefold()
        states = {
            "": True,
            "online": one.presence == "online",
            "offline": one.presence != "online",
            "free": one.utilization < 1 and one.availability in {"available", "busy"},
            "full": one.utilization >= 1,
        }
        return text in told and self._wanted["department"] in {"", one.department} and states.get(state, True)


def _card(one: AgentRecord) -> None:
    with link("", "agents", one.agent_id, css="card tight stack"):
        with tag("div", css="row tight"):
            marks.of_agent(one, with_presence=True)
            with tag("div", css="grow"):
                tag("div", one.name, css="strong clip")
                tag(
                    "div",
                    " · ".join(filter(None, (one.role, one.department))) or words.KINDS[one.type],
                    css="faint clip",
                )
        with tag("div", css="row"):
            marks.presence_chip(one)
            if one.presence == "online" or one.availability != "available":
                marks.availability_chip(one)
        if one.capabilities:
            best = sorted(one.capabilities, key=lambda name: -one.capabilities[name])
            marks.tags([words.plain(name) for name in best[:4]])
        with tag("div").style("margin-top:auto"):
            with tag("div", css="between faint").style("margin-bottom:5px"):
                tag("span", "Load")
                tag("span", f"{one.current_workload} of {one.max_capacity} places", css="nums")
            marks.load_meter(one)
