"""The estimator as the rooms above use it: awaited, in threads, and asked once where many want to know the same.

Fifty agents that are consulted about one task all need the same estimate. The first to ask starts it, the others wait
for its result; it is kept until something is learned or forgotten. Learning itself does not wait for a fit: the first
estimate after it does.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from folkmoot.skills.estimator import CapabilityEstimator
from folkmoot.skills.model import Declared, Estimate, Evidence, TaskText

_KEPT: Final = 256  # estimates; a task needs two or three while it is shared out
_Key = tuple[TaskText, tuple[str, ...], datetime, bool]
Estimated = dict[str, Estimate]


class Estimates:
    """One estimator, shared by everyone in this process."""

    def __init__(self, *, estimator: CapabilityEstimator) -> None:
        self._estimator = estimator
        self._kept: OrderedDict[_Key, asyncio.Task[Estimated]] = OrderedDict()
        self._changing = asyncio.Lock()
        self.made = 0  # how many estimates were computed, not how many were asked for

    async def fit(self, evidence: Sequence[Evidence], declared: Sequence[Declared] = ()) -> None:
        """Start over from these alone. Raises `InvalidEvidenceError`; then nothing changed."""
        await self._change(lambda: self._estimator.fit(evidence, declared))

    async def learn(self, evidence: Sequence[Evidence]) -> None:
        """Add to what is known; an id known already is replaced. Raises `InvalidEvidenceError`.

        Soon done: what needs a new fit waits for the next estimate, so that many calls in a row cost one fit.
        """
        if evidence:
            await self._change(lambda: self._estimator.learn(evidence))

    async def forget(self, person: str) -> None:
        """Be as if this person had never been seen."""
        await self._change(lambda: self._estimator.forget(person))

    async def withdraw(self, person: str) -> None:
        """Take back what is declared of a person who left; their texts stay."""
        await self._change(lambda: self._estimator.withdraw(person))

    async def declare(self, declared: Sequence[Declared]) -> None:
        """Replace what is said of these people beforehand."""
        if declared:
            await self._change(lambda: self._estimator.declare(declared))

    async def estimate(
        self, task: TaskText, people: Sequence[str], *, at: datetime, with_reasons: bool = True
    ) -> Estimated:
        """The estimate for each of `people`, by person. Whoever asks the same before something changes shares it."""
        key = (task, tuple(sorted(set(people))), at, with_reasons)
        running = self._kept.get(key)
        if running is None:
            running = asyncio.create_task(self._compute(key), name="estimate")
            self._kept[key] = running
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        try:
            # One who stops waiting must not take the result away from the others.
            return await asyncio.shield(running)
        except Exception:
            self._kept.pop(key, None)
            raise

    async def _compute(self, key: _Key) -> Estimated:
        task, people, at, with_reasons = key
        self.made += 1
        found = await asyncio.to_thread(self._estimator.estimate, task, people, at=at, with_reasons=with_reasons)
        return {one.person: one for one in found}

    async def _change(self, act: Callable[[], None]) -> None:
        async with self._changing:
            try:
                await asyncio.to_thread(act)
            finally:
                self._kept.clear()
