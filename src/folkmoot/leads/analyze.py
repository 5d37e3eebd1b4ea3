"""Making an analysis: the factors first, then what a language model adds, if there is one.

A model that is away, over its budget or answers nonsense does not keep a lead from being analysed: the factors alone
decide then, and the analysis says why.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.leads.advise import advise
from folkmoot.leads.factors import read_lead
from folkmoot.leads.judge import INSTRUCTIONS, Judgement, checked, prompt_for
from folkmoot.leads.model import Lead, LeadAnalysis
from folkmoot.leads.services import Offer
from folkmoot.models import Caller, Limits, ModelHub, ModelsError
from folkmoot.telemetry import get_logger

_LIMITS: Final = Limits(turns=3)
_log = get_logger("folkmoot.leads")


class Analyst:
    """Analyses leads. `offers` says what the team sells now, `models` asks a model of the workplace."""

    def __init__(self, *, models: ModelHub, offers: Callable[[], Sequence[Offer]], clock: Clock) -> None:
        self._models = models
        self._offers = offers
        self._clock = clock

    async def analyze(self, lead: Lead, *, agent_id: str, model: str | None = None) -> LeadAnalysis:
        """The analysis of a lead as it stands; `agent_id` is for whom a model is asked."""
        offers, now = list(self._offers()), self._clock.now()
        reading = await asyncio.to_thread(read_lead, lead.data, offers, today=now.date())
        analysis = advise(lead.data, reading, at=now)
        try:
            handle = await self._models.resolve(model)
            if handle.offline:
                return analysis
            said = await self._models.decide(
                handle,
                instructions=INSTRUCTIONS,
                prompt=prompt_for(lead.data, offers, analysis),
                output=Judgement,
                limits=_LIMITS,
                caller=Caller(agent_id=agent_id, user_id=lead.user_id, conversation_id=lead.lead_id),
            )
        except ModelsError as error:
            _log.warning("a lead is analysed without its model", lead_id=lead.lead_id, error=error.message)
            note = f"the factors alone decided, because the model could not be asked: {error.message}"
            return analysis.model_copy(update={"checked": (note,)})
        return checked(said, analysis, reading, offers, model=handle.name)
