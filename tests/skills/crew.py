"""An invented crew whose members plainly differ, as evidence for the tests of estimating."""

import random
from datetime import UTC, datetime, timedelta

from folkmoot.skills import Evidence

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TRADES: dict[str, tuple[str, ...]] = {
    "ada": ("database", "index", "query", "migration", "schema", "vacuum", "postgres", "deadlock"),
    "bo": ("button", "layout", "colour", "stylesheet", "font", "screen", "animation", "contrast"),
    "cy": ("invoice", "contract", "budget", "customer", "discount", "quarter", "forecast", "renewal"),
}
_COMMON = ("please", "look", "today", "again", "broken", "better", "finish", "review", "before", "meeting")


def texts(people: tuple[str, ...] = ("ada", "bo", "cy"), *, each: int = 40, seed: int = 7) -> list[Evidence]:
    """`each` texts per person over half a year, mostly of their trade; the same every time."""
    dice = random.Random(seed)
    found = []
    order = [person for person in people for _ in range(each)]
    dice.shuffle(order)
    for place, person in enumerate(order):
        spoken = dice.sample(TRADES[person], 3) + dice.sample(_COMMON, 3)
        dice.shuffle(spoken)
        found.append(
            Evidence(
                id=f"{person}-{place:04}",
                person=person,
                text=" ".join(spoken),
                at=START + timedelta(hours=37 * place),
                labels=(f"src/{person}/part", "docs"),
            )
        )
    return found


def after(evidence: list[Evidence], days: float = 1.0) -> datetime:
    """A moment after all of it."""
    return max(item.at for item in evidence) + timedelta(days=days)
