"""What a round's ledgers say, and which promises they break."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

from chaos.ground import KEEPER, PLAIN, Ground


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Figures of one round, or of several added up."""

    sent: int
    """Messages that were to be sent."""
    accepted: int
    """Messages whose `publish` or `request` returned."""
    delivered: int
    """Times a handler was given a message."""
    redelivered: int
    """Times it had been given before. 0 would mean that no kill hit anything."""
    lost: int
    """Accepted messages without an effect. Promised: 0."""
    effects_twice: int
    """Effects in the transaction that were there already. Promised: 0."""
    plain_twice: int
    """Effects outside of the transaction that were there already: at least once allows them."""
    spared: int
    """Deliveries that found their effect committed, and did nothing."""
    out_of_order: int
    """Effects in the transaction that came before an earlier one of their lane. Promised: 0."""
    unanswered: int
    """Questions without the right answer. Promised: 0."""
    unhandled: int
    """Messages that ended as dead or expired, or not at all: nothing here fails, so all are to be handled."""
    back_again: int
    """Messages that came again after all were acknowledged, and everything was killed once more. Promised: 0."""
    crashed: int
    """Processes that ended by themselves."""
    kills: dict[str, int] = field(default_factory=dict)
    """SIGKILLs that hit a living process, by kind."""
    seconds: float

    def broken(self, *, exactly_once: bool = True) -> list[str]:
        """The promises that were not kept, in words; `exactly_once` where a transaction was on offer."""
        said = {
            "accepted": self.accepted != self.sent,
            "redelivered": not self.redelivered,
            "lost": self.lost > 0,
            "effects_twice": exactly_once and self.effects_twice > 0,
            "out_of_order": exactly_once and self.out_of_order > 0,
            "unanswered": self.unanswered > 0,
            "unhandled": self.unhandled > 0,
            "back_again": self.back_again > 0,
            "crashed": self.crashed > 0,
        }
        return [f"{name} is {getattr(self, name)}" for name, wrong in said.items() if wrong]


def count(
    ground: Ground, *, unhandled: int, back_again: int, crashed: int, kills: Counter[str], seconds: float
) -> Tally:
    """Read a round's ledgers."""
    accepted, begun = {*ground.accepted.read()}, ground.begun.read()
    kept, plain = ground.kept_effects(), ground.plain_effects.read()
    return Tally(
        sent=ground.messages,
        accepted=len(accepted),
        delivered=len(begun),
        redelivered=_twice(begun),
        lost=len(accepted - {*kept} - {*plain}),
        effects_twice=_twice(kept),
        plain_twice=_twice(plain),
        spared=len(ground.spared),
        out_of_order=_out_of_order(ground, kept),
        unanswered=len({*ground.questions()} - {*ground.answered.read()}),
        unhandled=unhandled,
        back_again=back_again,
        crashed=crashed,
        kills=dict(kills),
        seconds=seconds,
    )


def add(tallies: Sequence[Tally]) -> Tally:
    """Several rounds as one."""
    kills = sum((Counter(tally.kills) for tally in tallies), Counter[str]())
    sums = {
        one.name: sum(getattr(tally, one.name) for tally in tallies) for one in fields(Tally) if one.name != "kills"
    }
    return Tally(**sums, kills=dict(kills))


def _twice(names: Sequence[str]) -> int:
    return len(names) - len({*names})


def _out_of_order(ground: Ground, effects: Iterable[str]) -> int:
    last: dict[tuple[int, str], int] = {}
    wrong = 0
    for name in dict.fromkeys(effects):
        number = int(name.removeprefix(f"{KEEPER}-").removeprefix(f"{PLAIN}-"))
        lane = ground.sender(number), ground.priority(number)
        wrong += number < last.get(lane, -1)
        last[lane] = max(number, last.get(lane, -1))
    return wrong
