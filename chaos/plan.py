"""Who is killed when: drawn from a seed, so that a run can be repeated as far as a machine repeats itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

# The first and last parts of a round are left alone: there is nothing to interrupt yet, or no more.
_FROM, _TO = 0.02, 0.85
_LONGEST_PAUSE: Final = 0.03


@dataclass(frozen=True, kw_only=True)
class Strike:
    """Kill number `which` of the processes of one kind, `pause` seconds after `after` of its acts were seen."""

    kind: str
    which: int
    after: int
    pause: float


def plan(random: Random, kills: Mapping[str, int], messages: int) -> list[Strike]:
    """Strikes for one round of so many messages, in the order of their time; `kills` says how many of each kind."""
    strikes = [
        Strike(
            kind=kind,
            which=random.randrange(1000),
            after=int(messages * random.uniform(_FROM, _TO)),
            pause=random.uniform(0, _LONGEST_PAUSE),
        )
        for kind, count in kills.items()
        for _ in range(count)
    ]
    return sorted(strikes, key=lambda strike: strike.after)
