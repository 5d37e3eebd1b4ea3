"""Phase 2: those who can do a task speak to each other in bounded rounds, and the manager referees.

In a round the manager gives each contender the word; a contender sends its argument to its peers, hears theirs, and
says where it stands. The rounds end as soon as one claims the task and all others concede, or at the limit: then the
referee decides by what was said. How an agent weighs what it hears is `bid.py`; the award itself is `award.py`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.messaging import Broker, MessageIntent
from folkmoot.messaging.errors import MessagingError
from folkmoot.tasks.errors import InvalidTaskError
from folkmoot.tasks.letters import Speak, Spoken, ask, letter, message_id
from folkmoot.tasks.minutes import Minutes
from folkmoot.tasks.situation import Inquiry
from folkmoot.tasks.talk import CLAIMS, Consultation, Position, Stance, Utterance, Verdict

ROUNDS: Final = 3
CONTENDERS: Final = 3
REACH: Final = 0.25
PATIENCE: Final = timedelta(seconds=30)
Positions = Mapping[str, Position]


@dataclass(frozen=True, kw_only=True)
class Negotiate:
    """Gives the word, round by round.

    `contenders`: how many negotiate at most; `reach`: the share of the best confidence one needs to be among them.
    """

    broker: Broker
    clock: Clock
    minutes: Minutes
    manager_id: str = "manager"
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
                near += [one for one in able if skill in one.covers and one not in near][:1]
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
        message = letter(
            content,
            inquiry=inquiry,
            intent=MessageIntent.NEGOTIATE,
            sender=self.manager_id,
            recipient=speaker,
            name=f"speak {number}",
            now=self.clock.now(),
            patience=self.patience,
        )
        try:
            spoken = await ask(self.broker, message, Spoken, patience=self.patience)
        except (MessagingError, InvalidTaskError) as error:
            return await self._fell_silent(inquiry, number, speaker, error.message)
        position = spoken.position.model_copy(update={"agent": speaker})
        last_word = Utterance(
            message_id=message_id(inquiry.run, f"position {number}", speaker),
            round=number,
            speaker=speaker,
            to=self.manager_id,
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
            to=self.manager_id,
            intent="silence",
            stance=Stance.CONCEDE,
            message=f"{speaker} fell silent, and steps back: {why}.",
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


def referee(bids: Sequence[Consultation], rounds: Mapping[int, Positions]) -> Verdict:
    """Decide by what was said: the one claimant, else the claim that is worth most, else whom most conceded to.

    `bids` are all answers of the consultation: able agents outside the negotiation come after those within it.
    """
    able = sorted((one for one in bids if one.can_do), key=_bid_order)
    if not rounds:
        names = tuple(one.agent for one in able)
        alone = "is the only one who can do it" if len(able) == 1 else "is far ahead of all others"
        return Verdict(ranking=names, reasoning=f"{names[0]} {alone}. {able[0].message}")
    last = rounds[max(rounds)]
    votes = {name: sum(one.toward == name for one in last.values() if one.stance is Stance.CONCEDE) for name in last}
    ranking = sorted(last, key=lambda name: (last[name].stance not in CLAIMS, -last[name].worth, -votes[name], name))
    if not any(one.stance in CLAIMS for one in last.values()):
        ranking.sort(key=lambda name: (-votes[name], -last[name].worth, name))
    ranking += [one.agent for one in able if one.agent not in last]
    first = rounds[min(rounds)]
    changed = tuple(name for name in sorted(last) if _side(first[name].opening) != _side(last[name].stance))
    owner = last[ranking[0]]
    agreed = settled(last)
    return Verdict(
        ranking=tuple(ranking),
        helpers=(owner.toward,) if owner.agreed and owner.toward else (),
        reasoning=_reasoning(owner, last, changed, agreed=agreed),
        changed=changed,
        settled=agreed,
    )


def _reasoning(owner: Position, last: Positions, changed: Sequence[str], *, agreed: bool) -> str:
    others = [one for name, one in last.items() if name != owner.agent]
    how = (
        f"{owner.agent} takes it, and {', '.join(sorted(one.agent for one in others))} agreed."
        if agreed and others
        else f"The agents did not agree; the referee gives it to {owner.agent}, whose claim is worth most "
        f"({owner.worth:.2f})."
        if others
        else f"{owner.agent} takes it."
    )
    swayed = [name for name in changed if name != owner.agent]
    turned = f" {', '.join(swayed)} gave way to what was said." if swayed else ""
    share = f" {owner.toward} helps with {', '.join(owner.share)}." if owner.agreed and owner.toward else ""
    return f"{how}{turned}{share} {owner.agent}: {owner.message}"


def _speakers(bids: Sequence[Consultation], before: Positions) -> list[str]:
    if not before:
        return [one.agent for one in bids]
    claims = [one for one in before.values() if one.stance in CLAIMS]
    return [one.agent for one in claims] or list(before)


def _side(stance: Stance) -> bool:
    return stance in CLAIMS


def _bid_order(one: Consultation) -> tuple[float, str]:
    return (-one.confidence, one.agent)
