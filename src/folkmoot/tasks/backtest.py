"""Replaying a real history through the same consultation and negotiation that live tasks go through (SPEC G6).

One agent per person sits at a broker, with an empty desk and no deadline; each piece of work is put to them as it
came, and who did it is looked up only after they have decided. What they are measured by stands in `skills.measures`,
what they are compared with in `skills.baselines`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from folkmoot.kernel import Clock, excerpt
from folkmoot.messaging import Broker, Delivery, Handler, Reply, Subscription
from folkmoot.skills.baselines import baselines
from folkmoot.skills.estimates import Estimates
from folkmoot.skills.history import HistoryItem, estimator_of, evidence_of, moment
from folkmoot.skills.measures import Measures, measure
from folkmoot.tasks.behaviour import Contender
from folkmoot.tasks.consult import Candidate, Consult
from folkmoot.tasks.desks import EmptyDesks
from folkmoot.tasks.distribute import Straight, talk_over
from folkmoot.tasks.errors import BadHistoryError
from folkmoot.tasks.mind import Offline
from folkmoot.tasks.minutes import NoMinutes
from folkmoot.tasks.negotiate import Negotiate
from folkmoot.tasks.situation import Brief, Inquiry


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Everybody, the likeliest first, for one piece of work; `actual` was looked up afterwards."""

    id: str
    ranking: tuple[str, ...]
    actual: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """How well the agents found who really did each piece of work, beside simple ways of guessing it."""

    folkmoot: Measures
    baselines: Mapping[str, Measures]
    people: int
    items: int
    predictions: tuple[Prediction, ...]

    def as_json(self) -> dict[str, Any]:
        """`{folkmoot: {top1, top3, mrr, macro, interval}, baselines: {name: the same}, people, items}`, shares 0..1."""
        return {
            "folkmoot": self.folkmoot.as_json(),
            "baselines": {name: one.as_json() for name, one in self.baselines.items()},
            "people": self.people,
            "items": self.items,
        }


async def backtest(
    train: Sequence[HistoryItem],
    items: Sequence[HistoryItem],
    gold: Mapping[str, str],
    *,
    broker: Broker,
    clock: Clock,
    learn: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """`replay`, measured, beside the baselines of the same history. Raises as `replay` does."""
    predictions = await replay(train, items, gold, broker=broker, clock=clock, learn=learn, progress=progress)
    actual = [one.actual for one in predictions]

    def compared() -> dict[str, Measures]:
        found = baselines(train, items, gold=gold if learn else None)
        return {name: measure(rankings, actual) for name, rankings in found.items()}

    return Report(
        folkmoot=measure([one.ranking for one in predictions], actual),
        baselines=await asyncio.to_thread(compared),
        people=len({item.person for item in train if item.person}),
        items=len(predictions),
        predictions=tuple(predictions),
    )


async def replay(
    train: Sequence[HistoryItem],
    items: Sequence[HistoryItem],
    gold: Mapping[str, str],
    *,
    broker: Broker,
    clock: Clock,
    learn: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Prediction]:
    """Put each of `items` to one agent per person of `train`, in order; `broker` is started and empty.

    With `learn`, each outcome is learned before the next item is put. `progress(done, all)` is told after each.
    Raises `BadHistoryError` if the doer of an item is not in `gold`, `EmptyHistoryError` if `train` names nobody.
    """
    missing = [item.id for item in items if item.id not in gold]
    if missing:
        raise BadHistoryError(
            f"nobody is said to have done {len(missing)} of the items, the first is '{missing[0]}'; "
            "see whether the gold file belongs to this test file",
            missing=len(missing),
        )
    people = {item.person for item in train if item.person}
    estimator = await asyncio.to_thread(estimator_of, train)
    table = _Table(sorted(people), estimates=Estimates(estimator=estimator), broker=broker, clock=clock)
    predictions: list[Prediction] = []
    try:
        await table.lay()
        for item in items:
            ranking = await table.put(item)
            actual = gold[item.id]
            predictions.append(Prediction(id=item.id, ranking=ranking, actual=actual))
            if learn and actual in people:
                await table.estimates.learn([evidence_of(item, actual)])
            if progress is not None:
                progress(len(predictions), len(items))
    finally:
        await table.clear()
    return predictions


class _Table:
    """The agents around a table, one per person, and the manager's two ways of asking them."""

    def __init__(self, people: Sequence[str], *, estimates: Estimates, broker: Broker, clock: Clock) -> None:
        self.estimates = estimates
        self._broker = broker
        # Ids in the order of the names, so that ties end as they would by name.
        self._people = {f"person-{index:04}": person for index, person in enumerate(sorted(people))}
        self._candidates = [Candidate(agent_id=agent, subject=person) for agent, person in self._people.items()]
        self._seats: list[Subscription] = []
        minutes = NoMinutes()
        self._consult = Consult(
            broker=broker,
            estimates=estimates,
            clock=clock,
            minutes=minutes,
            ask_at_most=len(people),
        )
        self._negotiate = Negotiate(broker=broker, clock=clock, minutes=minutes)
        self._contender = Contender(
            broker=broker, estimates=estimates, situations=EmptyDesks(), minds=Offline(), clock=clock, explain=False
        )

    async def lay(self) -> None:
        """Seat everybody."""
        for agent_id, person in self._people.items():
            handlers = self._contender.for_agent(agent_id, person)

            async def handle(delivery: Delivery, handlers: Mapping[str, Handler] = handlers) -> Reply:
                return await handlers[delivery.message.intent](delivery)

            self._seats.append(await self._broker.subscribe(agent_id, handle))

    async def clear(self) -> None:
        """Let everybody go."""
        for seat in self._seats:
            await seat.cancel()

    async def put(self, item: HistoryItem) -> tuple[str, ...]:
        """Both phases for one piece of work: everybody's rank. Who said no comes last, by confidence."""
        brief = Brief(
            task_id=item.id,
            title=item.title.strip()[:500] or excerpt(item.text) or "(no title)",
            description=item.text,
        )
        inquiry = Inquiry(brief=brief, at=moment(item.day), subjects=tuple(self._people.values()))
        talk = await talk_over(Straight(), inquiry, self._candidates, consult=self._consult, negotiate=self._negotiate)
        ranked = list(talk.verdict.ranking) if talk.verdict else []
        rest = sorted(
            (one for one in talk.answers if one.agent not in ranked), key=lambda one: (-one.confidence, one.agent)
        )
        return tuple(self._people[agent] for agent in (*ranked, *(one.agent for one in rest)))
