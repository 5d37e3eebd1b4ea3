"""Phase 2: those who can do a task speak to each other in bounded rounds, and the manager referees.

In a round the manager gives each contender the word; a contender sends its argument to its peers, hears theirs, and
says where it stands. The rounds end as soon as one claims the task and all others concede, or at the limit: then the
referee decides by what was said. How an agent weighs what it hears is `bid.py`; the award itself is `award.py`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.messaging import Broker, MessageIntent
from folkmoot.messaging.errors import MessagingError
from folkmoot.tasks.errors import InvalidTaskError
from folkmoot.tasks.letters import Speak, Spoken, ask, letter, message_id
from folkmoot.tasks.mind import Minds, Offline, patience_with
from folkmoot.tasks.minutes import Minutes
from folkmoot.tasks.sentences import listed
from folkmoot.tasks.situation import Inquiry
from folkmoot.tasks.talk import CLAIMS, Consultation, GroundKind, Position, Stance, Utterance, Verdict

ROUNDS: Final = 3
CONTENDERS: Final = 3
REACH: Final = 0.25
PATIENCE: Final = timedelta(seconds=30)
_DATES: Final = frozenset({GroundKind.CALENDAR, GroundKind.DEADLINE})
Positions = Mapping[str, Position]


@dataclass(frozen=True, kw_only=True)
class Negotiate:
    """Gives the word, round by round.

    `contenders`: how many negotiate at most; `reach`: the share of the best confidence one needs to be among them.
    """

    broker: Broker
    clock: Clock
    minutes: Minutes
    minds: Minds = field(default_factory=Offline)
    rounds: int = ROUNDS
    contenders: int = CONTENDERS
    reach: float = REACH
    patience: timedelta = PATIENCE

    def invited(self, inquiry: Inquiry, answers: Sequence[Consultation]) -> list[Consultation]:
        """Those who can do it and are near enough to the best, and whoever brings a skill that the best lacks."""
        able = sorted((one for one in answers if one.can_do), key=_bid_order)
        if not able:
            return []
        best = able[0]
        near = [one for one in able if one.confidence >= self.reach * best.confidence][: self.contenders]
        for skill in inquiry.brief.required_skills:
            if not any(skill in one.covers for one in near):
                # To help one need not be the right one for all of it.
                near += _helpers(answers, skill, near)[:1]
        return near

    async def round(
        self, inquiry: Inquiry, number: int, bids: Sequence[Consultation], before: Positions
    ) -> dict[str, Position]:
        """Where each contender stands after this round. Who already conceded stays silent unless asked for help."""
        speakers = _speakers(bids, before)
        spoken = await asyncio.gather(
            *(self._hear(inquiry, number, speaker, speakers, bids, before) for speaker in speakers)
        )
        return {**before, **{one.agent: one for one in spoken}}

    async def _hear(
        self,
        inquiry: Inquiry,
        number: int,
        speaker: str,
        speakers: Sequence[str],
        bids: Sequence[Consultation],
        before: Positions,
    ) -> Position:
        content = Speak(
            inquiry=inquiry,
            number=number,
            bids=tuple(bids),
            peers=tuple(one for one in speakers if one != speaker),
            before=tuple(before.values()),
        )
        patience = await patience_with(self.minds, speaker, self.patience)
        message = letter(
            content,
            inquiry=inquiry,
            intent=MessageIntent.NEGOTIATE,
            sender=inquiry.manager,
            recipient=speaker,
            name=f"speak {number}",
            now=self.clock.now(),
            patience=patience,
            on_behalf_of=inquiry.created_by,
        )
        try:
            spoken = await ask(self.broker, message, Spoken, patience=patience)
        except (MessagingError, InvalidTaskError) as error:
            return await self._fell_silent(inquiry, number, speaker, error.message)
        position = spoken.position.model_copy(update={"agent": speaker})
        last_word = Utterance(
            message_id=message_id(inquiry.run, f"position {number}", speaker),
            round=number,
            speaker=speaker,
            to=inquiry.manager,
            intent="position",
            stance=position.stance,
            message=position.message,
            reasons=position.reasons,
            at=self.clock.now(),
        )
        await self.minutes.said(inquiry, (*spoken.said, last_word))
        return position

    async def _fell_silent(self, inquiry: Inquiry, number: int, speaker: str, why: str) -> Position:
        silence = Utterance(
            message_id=message_id(inquiry.run, f"silence {number}", speaker),
            round=number,
            speaker=speaker,
            to=inquiry.manager,
            intent="silence",
            stance=Stance.CONCEDE,
            message=f"{inquiry.called(speaker)} fell silent, and steps back: {why}.",
            at=self.clock.now(),
        )
        await self.minutes.said(inquiry, (silence,))
        return Position(
            agent=speaker, stance=Stance.CONCEDE, opening=Stance.CONCEDE, worth=0.0, message=silence.message,
            decided_by="manager",
        )  # fmt: skip


def settled(positions: Positions) -> bool:
    """Exactly one claims the task, and if it wants help, the helper has answered."""
    claims = [one for one in positions.values() if one.stance in CLAIMS]
    return len(claims) == 1 and (claims[0].stance is not Stance.PROPOSE_SHARE or claims[0].agreed)


def referee(inquiry: Inquiry, bids: Sequence[Consultation], rounds: Mapping[int, Positions]) -> Verdict:
    """Decide by what was said: the one claimant, else the claim that is worth most, else whom most conceded to.

    `bids` are all answers of the consultation: able agents outside the negotiation come after those within it.
    """
    able = sorted((one for one in bids if one.can_do), key=_bid_order)
    if not rounds:
        return Verdict(ranking=tuple(one.agent for one in able), reasoning=_uncontested(inquiry, able))
    last = rounds[max(rounds)]
    votes = {name: sum(one.toward == name for one in last.values() if one.stance is Stance.CONCEDE) for name in last}
    ranking = sorted(last, key=lambda name: (last[name].stance not in CLAIMS, -last[name].worth, -votes[name], name))
    if not any(one.stance in CLAIMS for one in last.values()):
        ranking.sort(key=lambda name: (-votes[name], -last[name].worth, name))
    can = {one.agent for one in able}
    ranking = [name for name in ranking if name in can or last[name].stance in CLAIMS]
    ranking += [one.agent for one in able if one.agent not in last]
    first = rounds[min(rounds)]
    changed = tuple(name for name in sorted(last) if _side(first[name].opening) != _side(last[name].stance))
    owner = last[ranking[0]]
    agreed = settled(last)
    return Verdict(
        ranking=tuple(ranking),
        helpers=(owner.toward,) if owner.agreed and owner.toward else (),
        reasoning=_reasoning(inquiry, bids, owner, last, changed),
        changed=changed,
        settled=agreed,
    )


def _uncontested(inquiry: Inquiry, able: Sequence[Consultation]) -> str:
    first = able[0]
    name = inquiry.called(first.agent)
    if len(able) == 1:
        how = f"{name} is the only one who can take it on."
    else:
        second = f"{inquiry.called(able[1].agent)} with {able[1].confidence:.0%}"
        how = f"{name} fits far better than anybody else: {first.confidence:.0%}, before {second}."
    return " ".join((how, *_because(name, first)))


def _reasoning(
    inquiry: Inquiry, bids: Sequence[Consultation], owner: Position, last: Positions, changed: Sequence[str]
) -> str:
    name = inquiry.called(owner.agent)
    others = sorted(one for one in last if one != owner.agent)
    names = listed([inquiry.called(one) for one in others]) if others else ""
    if others and settled(last):
        how = f"{name} takes it, and {names} agreed"
    elif others:
        how = f"{name}'s claim is worth most, so the referee gives it to them over {names}, who did not agree"
    else:
        how = f"{name} takes it"
    if owner.agreed and owner.toward:
        how += f"; {inquiry.called(owner.toward)} helps with {listed(owner.share)}"
    said = [f"{how}."]
    swayed = [one for one in changed if one != owner.agent]
    decisive = [ground.text for ground in owner.reasons if ground.kind is GroundKind.PEER and ground.weight == 0]
    if swayed:
        turned = listed([inquiry.called(one) for one in swayed])
        said.append(
            f"{turned} had the better answer at first and gave way to what {name} said: “{' '.join(decisive[:2])}”"
        )
    said += _because(name, next((one for one in bids if one.agent == owner.agent), None))
    return " ".join(said)


def _because(name: str, answer: Consultation | None) -> list[str]:
    """What speaks for the owner in its own words: the weightiest of its reasons, and when it would be done."""
    if answer is None:
        return []
    can = [one.text for one in answer.reasons if one.kind not in _DATES][:1]
    when = [one.text for one in answer.reasons if one.kind is GroundKind.CALENDAR][:1]
    late = [one.text for one in answer.concerns if one.kind is GroundKind.DEADLINE][:1]
    said = [*can, *when, *late]
    return [f"{name}: “{' '.join(said)}”"] if said else []


def _helpers(answers: Sequence[Consultation], skill: str, near: Sequence[Consultation]) -> list[Consultation]:
    found = [one for one in answers if skill in one.covers and one.would_help and one not in near]
    return sorted(found, key=_bid_order)


def _speakers(bids: Sequence[Consultation], before: Positions) -> list[str]:
    if not before:
        return [one.agent for one in bids]
    claims = [one for one in before.values() if one.stance in CLAIMS]
    return [one.agent for one in claims] or list(before)


def _side(stance: Stance) -> bool:
    return stance in CLAIMS


def _bid_order(one: Consultation) -> tuple[float, str]:
    return (-one.confidence, one.agent)
