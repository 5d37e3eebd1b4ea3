"""A public intent set as a routing problem: some scenarios are agents, the others play what is for nobody here."""

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from folkmoot.conversations.routing import Candidate, Utterance

DATA = Path(__file__).resolve().parent / "data" / "hwu64_agents.json"
AGENTS, TUNE, OUT = 10, 400, 0.25


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`tune` and `test`: messages with the right agent, None for nobody."""

    candidates: tuple[Candidate, ...]
    tune: tuple[Utterance, ...]
    test: tuple[Utterance, ...]


def read(path: Path) -> dict[str, Any]:
    """`{scenarios, train: [[text, intent]], test: [[text, intent]]}`; a scenario is an intent up to its first `_`."""
    told: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return told


def problem(data: dict[str, Any], *, seed: int, examples: int | None) -> Problem:
    """Ten scenarios drawn by `seed` are agents with so many examples each (None: all that are not for tuning).

    Of the eight others, four play strangers in the messages for tuning and the other four in the test, so that a
    threshold cannot know the strangers that it meets.
    """
    scenarios = list(data["scenarios"])
    random.Random(seed).shuffle(scenarios)
    inside, outside = sorted(scenarios[:AGENTS]), scenarios[AGENTS:]
    dice = random.Random(seed * 1000 + (examples or 0))
    by_scenario: dict[str, list[str]] = defaultdict(list)
    for text, intent in data["train"]:
        by_scenario[intent.split("_")[0]].append(text)
    about = json.loads(DATA.read_text(encoding="utf-8"))
    candidates, tune = [], []
    for name in inside:
        texts = list(by_scenario[name])
        dice.shuffle(texts)
        kept = max(20, len(texts) // 10)
        tune += [Utterance(text=text, agent_id=name) for text in texts[:kept]]
        said = texts[kept:] if examples is None else texts[kept : kept + examples]
        candidates.append(
            Candidate(
                agent_id=name,
                name=name,
                description=about[name]["description"],
                keywords=tuple(about[name]["keywords"]),
                examples=tuple(said),
            )
        )
    half = len(outside) // 2
    strange = [text for name in outside[:half] for text in by_scenario[name][:200]]
    test = [Utterance(text=text, agent_id=intent.split("_")[0]) for text, intent in data["test"]]
    known = [one for one in test if one.agent_id in inside]
    others = [one.text for one in test if one.agent_id in outside[half:]]
    return Problem(
        candidates=tuple(candidates),
        tune=_mixed(tune, strange, round(TUNE * (1 - OUT)), dice),
        test=_mixed(known, others, len(known), dice),
    )


def _mixed(
    known: Sequence[Utterance], strange: Sequence[str], inside: int, dice: random.Random
) -> tuple[Utterance, ...]:
    inside = min(inside, len(known))
    outside = min(len(strange), round(inside * OUT / (1 - OUT)))
    mixed = dice.sample(list(known), inside)
    mixed += [Utterance(text=text, agent_id=None) for text in dice.sample(list(strange), outside)]
    dice.shuffle(mixed)
    return tuple(mixed)
