"""Searching as an agent sees it: what it finds, from where, and why it finds no more."""

from typing import Final

from folkmoot.dashboard.components import marks
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty, notice
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError, excerpt
from folkmoot.memory import Findings, Found

SHOWN: Final = 10
_LONGEST: Final = 500
_LONGEST_QUERY: Final = 1000


class SearchSection:
    """The form and what was found."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        fields = Form("search")
        names = {one.agent_id: one.name for one in sorted(visit.agents.values(), key=lambda one: one.name.casefold())}
        with tag("section", css="card section", aria_labelledby="search-knowledge"):
            heading(2, "Search as an agent sees it", id="search-knowledge").style("margin-bottom:12px")
            with form(self._search, css="filters", role="search"):
                fields.text("query", "What to look for", css="grow", autocomplete="off", maxlength=_LONGEST_QUERY)
                fields.choice("agent", "Who looks", {"": "Yourself", **names})
                button("Search", sign="search", kind="primary", type="submit")
            self._found = tag("div", role="status")

    async def _search(self, fields: Fields) -> None:
        query, agent_id = field_of(fields, "query"), field_of(fields, "agent")
        if not query or not await self._visit.may_stay():
            return
        try:
            found = await self._visit.parts.knowledge.search(
                query[:_LONGEST_QUERY], principal=self._visit.principal, agent_id=agent_id or None, limit=SHOWN
            )
        except FolkmootError as error:
            with clear(self._found):
                notice("The search failed", error.message, colour="red", sign="alert")
            return
        self._show(found, self._visit.name(agent_id) if agent_id else "You")

    def _show(self, found: Findings, who: str) -> None:
        with clear(self._found):
            where = ", ".join(sorted(found.scopes)) or "nothing"
            tag("p", f"{who} may search: {where}.", css="faint").style("margin:12px 0")
            if found.notice:
                notice(found.notice)
            if not found.results:
                empty("Nothing was found", "Ask with other words, or add a document that speaks of it.", sign="search")
                return
            with tag("ol", css="list"):
                for one in found.results:
                    with tag("li"):
                        _result(one)


def _result(one: Found) -> None:
    with tag("div", css="between"):
        tag("span", one.place, css="strong").style("overflow-wrap:anywhere")
        with tag("div", css="row"):
            tag("span", one.scope, css="tag lead")
            tag("span", f"{one.score:.2f}", css="nums faint")
            with tag("span").style("width:72px"):
                marks.meter(one.score, f"fits {one.score:.0%}")
    # The heading stands above the text already.
    text = one.text.removeprefix(one.heading).strip() if one.heading else one.text
    tag("p", excerpt(text, _LONGEST), css="small prose").style("margin-top:4px")
