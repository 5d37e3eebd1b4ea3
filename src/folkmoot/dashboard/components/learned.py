"""What was learned of a person, every number with the messages that show it one click away."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import clear, heading, tag
from folkmoot.dashboard.components.notices import waiting
from folkmoot.twins.model import TwinMessage
from folkmoot.twins.profile import Measure, Profile

Fetch = Callable[[Sequence[str]], Awaitable[Sequence[TwinMessage]]]
SKILLS: Final = 8
QUOTED: Final = 6


class Evidence:
    """Shows the messages behind a number when somebody asks for them."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def behind(self, messages: int, ids: Sequence[str]) -> None:
        """A line that opens to the newest of the messages."""
        if not ids:
            tag("span", f"from {words.count(messages, 'message')}", css="faint")
            return
        with tag("details", css="more") as outer:
            with tag("summary"):
                tag("span", f"from {words.count(messages, 'message')}")
            inside = tag("div")
            with inside:
                waiting("Looking them up")

        async def show() -> None:
            found = await self._fetch(list(ids)[-QUOTED:])
            with clear(inside):
                for one in reversed(found):
                    _quote(one)
                if not found:
                    tag("p", "These messages are gone.", css="faint")

        outer.on("toggle", show, js_handler="(e) => e.target.open && emit()", args=[])


def skills(profile: Profile, evidence: Evidence) -> None:
    """The best-founded skills with their level."""
    with tag("div", css="card"):
        for place, one in enumerate(profile.skills):
            if place == SKILLS:
                break
            with tag("div", css="skill"):
                with tag("div", css="between small").style("margin-bottom:6px"):
                    with tag("span", css="row"):
                        tag("span", words.plain(one.name), css="strong")
                        tag("span", "own words" if one.kind == "learned" else "known pattern", css="tag")
                    tag("span", words.percent(one.level), css="faint nums")
                marks.meter(one.level, words.plain(one.name))
                evidence.behind(one.messages, one.evidence)
        if not profile.skills:
            tag("p", "No message speaks of a skill yet.", css="muted")
    if len(profile.skills) > SKILLS:
        with tag("details", css="more"):
            with tag("summary"):
                tag("span", f"{len(profile.skills) - SKILLS} more")
            marks.tags([f"{one.name} · {one.messages}" for one in profile.skills[SKILLS:]])


def manner(profile: Profile, evidence: Evidence) -> None:
    """Style, preferences and decisions as scales."""
    style = profile.style
    with tag("div", css="grid"):
        _scale("Tone", style.formality, ("casual", "formal"), evidence)
        _figure("Words in a message", style.words, lambda value: f"{value:.0f}", evidence)
        _figure("Time to answer", style.reply_minutes, lambda value: words.span(value * 60), evidence)
        _figure("Messages with an emoji", style.emoji, words.percent, evidence)
        _figure("Messages that ask", style.questions, words.percent, evidence)
        _scale("Works", profile.preferences.collaboration, ("alone", "with others"), evidence)
        _scale("Decides", profile.decisions.risk, ("carefully", "boldly"), evidence)
        _scale("Looks at", profile.decisions.detail, ("the outline", "every detail"), evidence)
    if style.greetings:
        with tag("div", css="row small").style("margin-top:16px"):
            tag("span", "Opens with", css="muted")
            marks.tags([f"{one.text} · {one.messages}" for one in style.greetings[:5]])


def hours(profile: Profile) -> None:
    """When the person writes, by hour of the day."""
    most = max(profile.style.active_hours, default=0)
    if not most:
        return
    busiest = profile.style.active_hours.index(most)
    with tag("figure", css="card", role="img", aria_label=f"Messages by hour; most at {busiest}:00"):
        tag("figcaption", f"Most at {busiest}:00", css="visually-hidden")
        columns = tag("div", css="hours", aria_hidden="true")
    for hour, number in enumerate(profile.style.active_hours):
        with columns, tag("div", title=f"{hour}:00, {words.count(number, 'message')}"):
            tag("i").style(f"height:{max(2, number / most * 100):.0f}%")
            tag("span", str(hour) if hour % 6 == 0 else "")


def _figure(name: str, measure: Measure | None, said: Callable[[float], str], evidence: Evidence) -> None:
    if measure is not None:
        with tag("div", css="card tight"):
            tag("div", name, css="faint")
            tag("div", said(measure.value), css="strong nums").style("font-size:20px")
            evidence.behind(measure.messages, measure.evidence)


def _scale(name: str, measure: Measure | None, ends: tuple[str, str], evidence: Evidence) -> None:
    if measure is not None:
        with tag("div", css="card tight"):
            tag("div", name, css="faint")
            value = max(0.0, min(1.0, measure.value))
            with tag("div", css="scale", role="img", aria_label=f"{value:.0%} from {ends[0]} to {ends[1]}"):
                tag("i").style(f"left:{value:.1%}")
            with tag("div", css="between faint").style("margin-bottom:4px"):
                tag("span", ends[0])
                tag("span", ends[1])
            evidence.behind(measure.messages, measure.evidence)


def _quote(one: TwinMessage) -> None:
    with tag("blockquote", css="quote"):
        tag("p", one.text)
        where = [one.platform, words.moment(one.at) if one.at else "", *one.paths[:3]]
        tag("footer", " · ".join(filter(None, where)))


def section(title: str, lede: str = "") -> None:
    """The head of a part of the page."""
    with tag("div", css="section-head"):
        heading(2, title)
        if lede:
            tag("p", lede, css="faint")
