"""What an agent does when it is asked about a task, spoken to by a peer, or given one.

`Contender` is the behaviour of every agent that takes work, twin or specialist. It keeps nothing between messages:
each handler looks at the desk anew, works out its judgement (`bid.py`), lets the agent's language model decide if it
has one (`mind.py`), and answers. What it heard from peers is in the broker's journal, as the replies to its own
messages, so a handler that is run again hears the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from folkmoot.agents import Answering
from folkmoot.consent import person_key
from folkmoot.kernel import Clock
from folkmoot.messaging import Broker, Delivery, MessageIntent, Reply
from folkmoot.messaging.errors import MessagingError
from folkmoot.models import ModelsError
from folkmoot.registry import AgentInfo
from folkmoot.skills import Estimate, Reason, TaskText
from folkmoot.skills.estimates import Estimates
from folkmoot.tasks import bid as by_figures
from folkmoot.tasks import sentences as say
from folkmoot.tasks.bid import Judgement
from folkmoot.tasks.errors import InvalidTaskError
from folkmoot.tasks.letters import Argue, OfferShare, ShareAnswer, Speak, Spoken, ask, letter, message_id, read
from folkmoot.tasks.mind import Mind, Minds, bid_by, position_by
from folkmoot.tasks.quotations import NoQuotations, Quoting
from folkmoot.tasks.roster import takes_work
from folkmoot.tasks.situation import Ability, Inquiry, Situations
from folkmoot.tasks.talk import Argument, Consultation, Ground, GroundKind, Position, Quotation, Stance, Utterance
from folkmoot.telemetry import get_logger

PEER_PATIENCE: Final = timedelta(seconds=8)
_log = get_logger("folkmoot.tasks")


@dataclass(frozen=True, kw_only=True)
class Contender:
    """The behaviour of an agent that takes work. `explain`: look for reasons; a replay of a history leaves them out."""

    broker: Broker
    estimates: Estimates
    situations: Situations
    minds: Minds
    clock: Clock
    quotations: Quoting = field(default_factory=NoQuotations)
    peer_patience: timedelta = PEER_PATIENCE
    explain: bool = True

    def handlers(self, agent: AgentInfo) -> Mapping[str, Answering]:
        """See `folkmoot.agents.Behaviour`: nothing for a manager or a user proxy."""
        if not takes_work(agent):
            return {}
        return self.for_agent(agent.agent_id, person_key(agent.person) if agent.person else agent.agent_id)

    def for_agent(self, agent_id: str, subject: str) -> Mapping[str, Answering]:
        """The handlers of one agent, by intent; `subject` is how the estimator knows it."""
        one = _Agent(self, agent_id, subject)
        return {
            MessageIntent.CONSULT.value: one.consulted,
            MessageIntent.NEGOTIATE.value: one.spoken_to,
            MessageIntent.AWARD.value: one.awarded,
        }


class _Agent:
    """One agent at its work."""

    def __init__(self, parts: Contender, agent_id: str, subject: str) -> None:
        self._parts = parts
        self._id = agent_id
        self._subject = subject

    async def consulted(self, delivery: Delivery) -> Reply:
        inquiry = read(delivery.message.payload.data, Inquiry)
        judged = await self._judge(inquiry)
        answer = by_figures.bid(judged)
        if answer.can_do or not (judged.me.full or judged.me.availability in {"away", "offline"}):
            answer = await self._minded(answer, lambda mind: self._bid_by(mind, judged, answer))
        return answer.as_json()

    async def spoken_to(self, delivery: Delivery) -> Reply:
        data = delivery.message.payload.data
        match data.get("act"):
            case "speak":
                return (await self._speak(read(data, Speak))).as_json()
            case "argue":
                return (await self._answer(read(data, Argue))).as_json()
            case "offer_share":
                return (await self._asked_for_help(read(data, OfferShare))).as_json()
            case other:
                raise InvalidTaskError(f"'{other}' is no act of a negotiation; use speak, argue or offer_share")

    async def awarded(self, delivery: Delivery) -> Reply:
        task_id = delivery.message.payload.data.get("task_id")
        _log.info("awarded", agent=self._id, task_id=task_id)
        return {"acknowledged": True}

    async def _speak(self, speak: Speak) -> Spoken:
        judged = await self._judge(speak.inquiry)
        before = {one.agent: one for one in speak.before}.get(self._id)
        if before is not None and before.stance is Stance.PROPOSE_SHARE and not before.agreed and before.toward:
            return await self._offer(speak, before, before.toward)
        opening = (before.stance, before.toward) if before else by_figures.open_with(speak.bids, self._id)
        mine = by_figures.argue(judged, opening[0], speak.bids)
        heard, said = await self._talk(speak, mine)
        gave_way = {
            one.agent: message_id(speak.inquiry.run, f"position {speak.number - 1}", one.agent)
            for one in speak.before
            if one.stance is Stance.CONCEDE and one.toward == self._id
        }
        position = by_figures.reconsider(judged, mine, heard, opening, gave_way)
        if heard:
            position = await self._minded(position, lambda mind: self._position_by(mind, judged, position, mine, heard))
        return Spoken(position=position, said=said)

    async def _talk(self, speak: Speak, mine: Argument) -> tuple[dict[str, Argument], tuple[Utterance, ...]]:
        """Tell the peers, and hear them: what each says, by the id of its own message to this agent, and what was told.

        A peer answers with the argument that it also sends by itself; it is that message which is cited.
        """
        exchanges = await asyncio.gather(*(self._exchange(speak, mine, peer) for peer in speak.peers))
        heard = {
            message_id(speak.inquiry.run, _argue(speak.number), answer.agent, self._id): answer
            for _, answer in exchanges
            if answer is not None
        }
        return heard, tuple(told for told, _ in exchanges)

    async def _exchange(self, speak: Speak, mine: Argument, peer: str) -> tuple[Utterance, Argument | None]:
        message = letter(
            Argue(inquiry=speak.inquiry, number=speak.number, bids=speak.bids, argument=mine),
            inquiry=speak.inquiry,
            intent=MessageIntent.NEGOTIATE,
            sender=self._id,
            recipient=peer,
            name=_argue(speak.number),
            now=self._parts.clock.now(),
            patience=self._parts.peer_patience,
        )
        told = Utterance(
            message_id=message.message_id,
            round=speak.number,
            speaker=self._id,
            to=peer,
            intent="argument",
            stance=mine.stance,
            message=mine.message,
            reasons=mine.grounds,
            at=self._parts.clock.now(),
        )
        try:
            answer = await ask(self._parts.broker, message, Argument, patience=self._parts.peer_patience)
        except (MessagingError, InvalidTaskError) as error:
            _log.warning("a peer was not heard", agent=self._id, peer=peer, error=error.message)
            return told, None
        return told, answer.model_copy(update={"agent": peer})

    async def _answer(self, argue: Argue) -> Argument:
        """What a peer gets to hear. It is the same to everyone, so it needs no model and no waiting."""
        judged = await self._judge(argue.inquiry)
        stance, _ = by_figures.open_with(argue.bids, self._id)
        return by_figures.argue(judged, stance, argue.bids)

    async def _offer(self, speak: Speak, before: Position, helper: str) -> Spoken:
        """Ask the helper it wants; without a yes it keeps the task alone."""
        name = f"offer {speak.number}"
        message = letter(
            OfferShare(inquiry=speak.inquiry, number=speak.number, owner=self._id, skills=before.share),
            inquiry=speak.inquiry,
            intent=MessageIntent.NEGOTIATE,
            sender=self._id,
            recipient=helper,
            name=name,
            now=self._parts.clock.now(),
            patience=self._parts.peer_patience,
        )
        name_of_helper = speak.inquiry.called(helper)
        wanted = say.share_wanted(name_of_helper, before.share, message.message_id)
        told = Utterance(
            message_id=message.message_id,
            round=speak.number,
            speaker=self._id,
            to=helper,
            intent="offer_share",
            stance=Stance.PROPOSE_SHARE,
            message=wanted.text,
            reasons=before.reasons[-1:],
            at=self._parts.clock.now(),
        )
        alone = say.alone_after_all(name_of_helper, message.message_id)
        keep = _after_offer(before, alone, stance=Stance.KEEP, toward=None, share=())
        try:
            answer = await ask(self._parts.broker, message, ShareAnswer, patience=self._parts.peer_patience)
        except (MessagingError, InvalidTaskError) as error:
            _log.warning("a helper was not heard", agent=self._id, peer=helper, error=error.message)
            return Spoken(position=keep, said=(told,))
        if not answer.accepted:
            return Spoken(position=keep, said=(told, answer.said))
        together = say.share_agreed(name_of_helper, before.share, answer.said.message_id)
        return Spoken(position=_after_offer(before, together, agreed=True), said=(told, answer.said))

    async def _asked_for_help(self, offer: OfferShare) -> ShareAnswer:
        judged = await self._judge(offer.inquiry)
        shown = [one for skill in offer.skills for one in judged.ability.skills.get(skill, ())]
        accepted = bool(shown) and by_figures.can_help(judged)
        if accepted:
            grounds: tuple[Ground, ...] = (say.share_accepted(offer.skills, shown, self._id), *shown)
        elif shown:
            grounds = (say.workload(judged.me),)
        else:
            grounds = (say.lacks(self._id, offer.skills),)
        said = Utterance(
            message_id=message_id(offer.inquiry.run, f"share answer {offer.number}", self._id),
            round=offer.number,
            speaker=self._id,
            to=offer.owner,
            intent="share_accepted" if accepted else "share_declined",
            message=grounds[0].text,
            reasons=grounds,
            at=self._parts.clock.now(),
        )
        return ShareAnswer(accepted=accepted, said=said)

    async def _judge(self, inquiry: Inquiry) -> Judgement:
        me = await self._parts.situations.of(self._id, inquiry.brief)
        # Who cannot take it anyway need not look for reasons, which is most of the work.
        explain = self._parts.explain and not (me.full or me.availability in {"away", "offline"})
        ability = await self._ability(inquiry, explain=explain)
        return by_figures.judge(inquiry, me, ability)

    async def _ability(self, inquiry: Inquiry, *, explain: bool) -> Ability:
        estimates = self._parts.estimates
        found = await estimates.estimate(inquiry.brief.text(), inquiry.subjects, at=inquiry.at, with_reasons=explain)
        own = found.get(self._subject) or Estimate(person=self._subject, probability=0.0, rank=len(found) + 1)
        alone: dict[str, tuple[Reason, ...]] = {}
        for skill in inquiry.brief.required_skills:
            asked = TaskText(title=skill, required_skills=(skill,))
            shown = (await estimates.estimate(asked, inquiry.subjects, at=inquiry.at)).get(self._subject)
            alone[skill] = shown.reasons if shown else ()
        cited = {id_ for reasons in (own.reasons, *alone.values()) for one in reasons for id_ in one.evidence}
        times = await self._parts.quotations.times(cited, person=self._subject) if cited else {}
        brought = {skill: say.brings(skill, reasons, self._id, times) for skill, reasons in alone.items()}
        return Ability(
            estimate=own,
            grounds=tuple(say.abilities(own.reasons, self._id, times)),
            skills={skill: grounds for skill, grounds in brought.items() if grounds},
        )

    async def _bid_by(self, mind: Mind, judged: Judgement, figures: Consultation) -> Consultation:
        return await bid_by(mind, judged, figures, await self._own_words([*figures.reasons, *figures.concerns]))

    async def _position_by(
        self, mind: Mind, judged: Judgement, figures: Position, mine: Argument, heard: dict[str, Argument]
    ) -> Position:
        return await position_by(mind, judged, figures, mine, heard, await self._own_words(mine.grounds))

    async def _own_words(self, grounds: Sequence[Ground]) -> Mapping[str, Quotation]:
        """The words behind what this agent says of itself; a peer's are not for its model to see."""
        ids = {id_ for one in grounds for id_ in one.evidence}
        return await self._parts.quotations.of(ids, person=self._subject)

    async def _minded(self, figures: Any, decide: Callable[[Any], Awaitable[Any]]) -> Any:
        """What the agent's model makes of it; the figures themselves where it has none or it fails."""
        mind = await self._parts.minds.of(self._id)
        if mind is None:
            return figures
        try:
            return await decide(mind)
        except ModelsError as error:
            _log.warning("a model failed; the figures decide", agent=self._id, model=mind.name, error=error.message)
            return figures.model_copy(update={"decided_by": f"offline, because {mind.name} failed"})


def _after_offer(before: Position, news: Ground, **changes: Any) -> Position:
    """The position once the helper has answered: the news first, then what the claim rested on before."""
    claim = [one for one in before.reasons if one.kind is not GroundKind.SKILL]
    reasons = (news, *claim)
    said = {"opening": before.stance, "reasons": reasons, "message": by_figures.in_words(reasons)}
    return before.model_copy(update={**said, **changes})


def _argue(number: int) -> str:
    return f"argue {number}"
