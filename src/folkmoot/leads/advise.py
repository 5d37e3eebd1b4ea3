"""What to make of a lead without a language model: services, insights, actions and what it may be worth. Pure."""

from datetime import datetime
from typing import Final

from folkmoot.leads.factors import Reading
from folkmoot.leads.model import EstimatedValue, LeadAnalysis, LeadData, LeadScore, Priority
from folkmoot.leads.score import score_of

RECOMMENDED: Final = 3
_WEAK: Final = 0.3  # a match below this is a coincidence of words
_SOON_MONTHS: Final = 1.5
_THIN: Final = 0.45  # confidence below which asking comes before judging


def advise(data: LeadData, reading: Reading, *, at: datetime) -> LeadAnalysis:
    """The analysis by the factors alone."""
    score = score_of(reading)
    best = [one for one in reading.matches if one.strength >= _WEAK][:RECOMMENDED]
    best = best or list(reading.matches[:1])
    wanted = [] if reading.unwanted else best
    return LeadAnalysis(
        lead_score=score,
        recommended_services=tuple(one.offer.service for one in wanted),
        service_reasons={one.offer.service: one.reason for one in wanted},
        key_insights=tuple(_insights(data, reading, score)),
        suggested_actions=tuple(_actions(data, reading, score)),
        estimated_value=estimated_value(reading, [one.offer.service for one in wanted]),
        analyzed_at=at,
    )


def estimated_value(reading: Reading, services: list[str]) -> EstimatedValue | None:
    """What the work may be worth: the budget said, else the usual price of these services; None if neither is known."""
    if reading.unwanted:
        return None
    budget = reading.budget
    if budget.known and budget.low is not None and budget.high is not None:
        per = " a year" if budget.period == "year" else ""
        return EstimatedValue(
            low=round(budget.low, 2),
            high=round(budget.high, 2),
            currency=budget.currency,
            basis=f"the budget named{per}",
        )
    priced = [one.offer for one in reading.matches if one.offer.service in services and one.offer.price]
    if not priced or len({one.currency for one in priced}) > 1:
        return None
    return EstimatedValue(
        low=round(min(one.price[0] for one in priced if one.price), 2),
        high=round(sum(one.price[1] for one in priced if one.price), 2),
        currency=priced[0].currency,
        basis=f"the usual price of {', '.join(one.title for one in priced)}",
    )


def _insights(data: LeadData, reading: Reading, score: LeadScore) -> list[str]:
    if reading.unwanted == "selling":
        return ["This offers something to us instead of asking for it."]
    if reading.unwanted == "applying":
        return ["This is an application for work, not a request."]
    found = [_first_up(reading.reasons[name]) + "." for name in ("budget", "timeline", "fit", "intent")]
    if len(reading.matches) > 1:
        names = ", ".join(one.offer.title for one in reading.matches[:RECOMMENDED])
        found.append(f"Several of our services would work together here: {names}.")
    if reading.unknown_services:
        found.append(f"It asks for what we do not offer: {', '.join(reading.unknown_services[:3])}.")
    if reading.signals.orders:
        found.append("The message tries to tell its reader how to judge it; those sentences counted for nothing.")
    if score.confidence < _THIN:
        found.append("Too little is known to be sure of the score.")
    if data.company:
        found.append(f"It writes on behalf of {data.company}.")
    return found[:7]


def _actions(data: LeadData, reading: Reading, score: LeadScore) -> list[str]:
    if reading.unwanted == "selling":
        return ["Close it as lost; no answer is needed."]
    if reading.unwanted == "applying":
        return ["Pass it to whoever hires, and close it as lost."]
    found = []
    if score.priority is Priority.HIGH:
        soon = reading.timeline.months is not None and reading.timeline.months <= _SOON_MONTHS
        by, when = "Call" if data.phone else "Write", "today" if soon else "within one working day"
        found.append(f"{by} {when} and offer a first talk.")
    elif score.priority is Priority.MEDIUM:
        found.append("Answer within two working days with a question and a comparable project.")
    else:
        found.append("Send the overview of services and prices; no call yet.")
    if not reading.budget.known:
        found.append("Name a usual price range and ask whether it is in reach.")
    if reading.timeline.months is None or reading.timeline.vague:
        found.append("Ask what happens if nothing is done by a date of their choice.")
    if "decides" not in reading.signals.buying:
        found.append("Ask who decides and who else is asked.")
    if reading.matches and score.priority is not Priority.LOW:
        found.append(f"Bring in {reading.matches[0].offer.title} for the first talk.")
    if not reading.matches:
        found.append("Ask which problem should be solved: no service of ours was named.")
    return found


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
