"""Phase 1: the manager asks every candidate at once, and waits no longer than it said.

What comes in is an `Inquiry` and the candidates; what goes out is one `Consultation` each. An agent that does not
answer in time, fails, or answers gibberish is an abstention with the reason. What the agents do with the question is
`behaviour.py`; what becomes of the answers is `negotiate.py`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.messaging import Broker, MessageIntent
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.errors import MessagingError, ReplyTimeoutError
from folkmoot.skills import TaskText
from folkmoot.skills.estimates import Estimates
from folkmoot.tasks.errors import InvalidTaskError
from folkmoot.tasks.letters import ask, letter
from folkmoot.tasks.mind import Minds, Offline, patience_with
from folkmoot.tasks.minutes import Minutes
from folkmoot.tasks.situation import Inquiry
from folkmoot.tasks.talk import Consultation

ASK_AT_MOST: Final = 20
PATIENCE: Final = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An agent that may be asked. `subject` is how the estimator knows it: its person, else its own id."""

    agent_id: str
    subject: str
    name: str = ""
    online: bool = True


@dataclass(frozen=True, kw_only=True)
class Consult:
    """Asks. `ask_at_most`: of a larger team only the likeliest are asked.

    `patience`: how long each may take; one with a language model gets a minute at least.
    """

    broker: Broker
    estimates: Estimates
    clock: Clock
    minutes: Minutes
    minds: Minds = field(default_factory=Offline)
    ask_at_most: int = ASK_AT_MOST
    patience: timedelta = PATIENCE

    async def likeliest(self, candidates: Sequence[Candidate], inquiry: Inquiry) -> list[Candidate]:
        """Whom to ask: all, or in a large team the best by the estimator; online before offline."""
        if len(candidates) <= self.ask_at_most:
            return list(candidates)
        text: TaskText = inquiry.brief.text()
        found = await self.estimates.estimate(
            text, [one.subject for one in candidates], at=inquiry.at, with_reasons=False
        )
        ranked = sorted(candidates, key=lambda one: (not one.online, -found[one.subject].probability, one.agent_id))
        return ranked[: self.ask_at_most]

    async def everybody(self, inquiry: Inquiry, candidates: Sequence[Candidate]) -> list[Consultation]:
        """One answer or abstention per candidate, in the order given. Answers that are kept are not asked for again."""
        known = await self.minutes.answered(inquiry)
        return list(await asyncio.gather(*(self._one(inquiry, one, known.get(one.agent_id)) for one in candidates)))

    async def _one(self, inquiry: Inquiry, candidate: Candidate, known: Consultation | None) -> Consultation:
        if known is not None:
            return known
        if candidate.online:
            answer = await self._asked(inquiry, candidate)
        else:
            answer = Consultation(agent=candidate.agent_id, abstained="is offline and was not asked")
        await self.minutes.consulted(inquiry, answer)
        return answer

    async def _asked(self, inquiry: Inquiry, candidate: Candidate, name: str = "consult") -> Consultation:
        patience = await patience_with(self.minds, candidate.agent_id, self.patience)
        message = letter(
            inquiry,
            inquiry=inquiry,
            intent=MessageIntent.CONSULT,
            sender=inquiry.manager,
            recipient=candidate.agent_id,
            name=name,
            now=self.clock.now(),
            patience=patience,
            on_behalf_of=inquiry.created_by,
        )
        try:
            answer = await ask(self.broker, message, Consultation, patience=patience)
        except ReplyTimeoutError:
            why = f"gave no answer within {patience.total_seconds():g} s"
        except MessagingError as error:
            if name == "consult" and await self._expired(message.message_id):
                # It lay in the mailbox while nobody ran; the question stands, so it is put once more.
                return await self._asked(inquiry, candidate, "consult again")
            why = f"could not be asked: {error.message}"
        except InvalidTaskError as error:
            why = f"gave an answer that cannot be read: {error.message}"
        else:
            # An agent speaks for itself, whatever its answer claims.
            return answer.model_copy(update={"agent": candidate.agent_id})
        return Consultation(agent=candidate.agent_id, abstained=why)

    async def _expired(self, message_id: str) -> bool:
        record = await self.broker.find(message_id)
        return record is not None and record.status is MessageStatus.EXPIRED
