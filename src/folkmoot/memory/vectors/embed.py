"""Making vectors in the background: whatever has none yet, batch by batch, also after the model changed.

A person's texts go to a model outside this network only while they consent to `remote_model` for the platform that the
texts are from; without it they are found by their words. A model that does not answer is asked again later; meanwhile
nothing is lost, since what has no vector is simply still to be done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from folkmoot.consent import Consent, ConsentGate, ConsentLedger, Purpose, UnknownConsentError
from folkmoot.kernel import Clock, FolkmootError
from folkmoot.memory.model import twin_scope
from folkmoot.memory.store import version
from folkmoot.memory.vectors.model import Embedded, Embedder, Vectors
from folkmoot.memory.vectors.store import consents_of_persons, count_passages
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

BATCH: Final = 64
# After a fault the model is left alone for a while.
PAUSE: Final = timedelta(seconds=20)
_log = get_logger("folkmoot.memory")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far embedding is. `embedded` stays below `total` where persons' texts may not be sent to the model."""

    model: str
    embedded: int = 0
    total: int = 0
    fault: str = ""


class Embedding:
    """Gives passages their vectors."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        embedder: Embedder,
        vectors: Vectors,
        ledger: ConsentLedger,
        gate: ConsentGate,
        batch: int = BATCH,
    ) -> None:
        self._database = database
        self._clock = clock
        self._embedder = embedder
        self._vectors = vectors
        self._ledger = ledger
        self._gate = gate
        self._batch = batch
        self._done: object = None
        self._again = 0.0
        self._fault = ""
        self._one_at_a_time = asyncio.Lock()
        self.state = 0  # another whenever vectors were added or dropped

    async def catch_up(self, tell: Callable[[Progress], Awaitable[None]] | None = None) -> Progress:
        """Embed everything that has no vector yet; `tell` hears of each batch. After a fault it is tried later."""
        async with self._one_at_a_time:
            if self._clock.monotonic() < self._again:
                return await self.progress()
            async with self._database.read() as session:
                state = (await version(session), await self._allowed())
            if state == self._done:
                return await self.progress()
            try:
                await self._sweep()
                while await self._embed_some(state[1]):
                    if tell is not None:
                        await tell(await self.progress())
            except FolkmootError as error:
                self._fault = error.message
                self._again = self._clock.monotonic() + PAUSE.total_seconds()
                _log.warning("embedding is tried again later", model=self._embedder.name, error=error.message)
            else:
                self._done, self._fault = state, ""
        return await self.progress()

    async def progress(self) -> Progress:
        """How far it is."""
        async with self._database.read() as session:
            total = await count_passages(session)
        found = Progress(model=self._embedder.name, total=total, fault=self._fault)
        return replace(found, embedded=await self._vectors.counted())

    async def withdrawn(self, consent: Consent) -> None:
        """Drop what was made under a consent that has ended; what may still be embedded is so again."""
        scope = twin_scope(consent.person) if Purpose.REMOTE_MODEL in consent.purposes else None
        async with self._one_at_a_time:
            await self._vectors.forget(scope)
            self._done = None
            self.state += 1

    async def _sweep(self) -> None:
        if await self._vectors.forget():
            self.state += 1

    async def _embed_some(self, allowed: Collection[str]) -> int:
        batch = await self._vectors.missing(remote=self._embedder.remote, allowed=allowed, limit=self._batch)
        if batch:
            rows = await self._embedder.embed([one.said for one in batch])
            await self._vectors.keep([Embedded(passage=one, vector=row) for one, row in zip(batch, rows, strict=True)])
            self.state += 1
        return len(batch)

    async def _allowed(self) -> frozenset[str]:
        """The consents whose passages may be sent to this model."""
        if not self._embedder.remote:
            return frozenset()
        async with self._database.read() as session:
            resting_on = await consents_of_persons(session)
        allowed = set()
        for consent_id in resting_on:
            try:
                consent = await self._ledger.get(consent_id)
            except UnknownConsentError:
                continue  # forgotten meanwhile, and its passages with it
            if await self._gate.allows(consent.name, consent.platform, Purpose.REMOTE_MODEL):
                allowed.add(consent_id)
        return frozenset(allowed)
