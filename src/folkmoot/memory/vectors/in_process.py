"""Vectors in this process: kept as rows, searched as one numpy matrix that follows the rows.

100,000 vectors of 384 numbers are multiplied in milliseconds; beyond that a server is the better place. The matrix is
read when it is first needed, extended by what was added since, and read anew when rows went.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkmoot.memory.model import Filters
from folkmoot.memory.store import allowed_numbers
from folkmoot.memory.tables import VectorRow
from folkmoot.memory.vectors.model import Embedded, Matrix, Pending
from folkmoot.memory.vectors.store import (
    count_of,
    delete_vectors,
    insert_vectors,
    read_vectors,
    state_of_vectors,
    still_there,
    without_vector,
)
from folkmoot.storage import Database


@dataclass
class _Loaded:
    """The matrix as it was read: a row a passage, which passage, and which of `scopes` it is in."""

    rows: Matrix
    numbers: NDArray[np.int64]
    within: NDArray[np.int32]
    scopes: dict[str, int] = field(default_factory=dict)
    last: int = 0


class VectorsInProcess:
    """The vectors of one model, in the database."""

    def __init__(self, *, database: Database, model: str) -> None:
        self._database = database
        self._model = model
        self._loaded: _Loaded | None = None
        self._loading = asyncio.Lock()

    async def missing(self, *, remote: bool, allowed: Collection[str], limit: int) -> list[Pending]:
        async with self._database.read() as session:
            return await without_vector(session, VectorRow, self._model, remote=remote, allowed=allowed, limit=limit)

    async def keep(self, batch: Sequence[Embedded]) -> None:
        async with self._database.write() as session:
            there = await still_there(session, [one.passage.number for one in batch])
            rows = [
                (one.passage.number, one.vector.astype(np.float16).tobytes())
                for one in batch
                if one.passage.number in there
            ]
            if rows:
                await insert_vectors(session, self._model, rows)

    async def nearest(
        self, vector: NDArray[Any], *, scopes: Sequence[str], filters: Filters, limit: int
    ) -> list[tuple[int, float]]:
        loaded = await self._current()
        only: list[int] | None = None
        if filters != Filters():
            async with self._database.read() as session:
                only = await allowed_numbers(session, scopes=scopes, filters=filters)
        return await asyncio.to_thread(_nearest, loaded, vector.astype(np.float32), scopes, only, limit)

    async def forget(self, scope: str | None = None) -> int:
        self._loaded = None  # what was made of a person's texts is not kept in memory either
        async with self._database.write() as session:
            return await delete_vectors(session, self._model, scope=scope)

    async def counted(self) -> int:
        async with self._database.read() as session:
            return await count_of(session, VectorRow, self._model)

    async def close(self) -> None:
        self._loaded = None

    async def _current(self) -> _Loaded:
        async with self._loading:
            async with self._database.read() as session:
                count, last = await state_of_vectors(session, self._model)
            loaded = self._loaded
            if loaded is not None and (len(loaded.numbers), loaded.last) == (count, last):
                return loaded
            if loaded is not None and last > loaded.last:
                added = await self._read(after=loaded.last)
                if len(loaded.numbers) + len(added) == count:
                    self._loaded = await asyncio.to_thread(_extended, loaded, added)
                    return self._loaded
            self._loaded = await asyncio.to_thread(_extended, None, await self._read(after=0))
            return self._loaded

    async def _read(self, *, after: int) -> list[tuple[int, int, str, bytes]]:
        found: list[tuple[int, int, str, bytes]] = []
        while True:
            async with self._database.read() as session:
                part = await read_vectors(session, self._model, after=after)
            if not part:
                return found
            found += part
            after = part[-1][0]


def _extended(loaded: _Loaded | None, added: Sequence[tuple[int, int, str, bytes]]) -> _Loaded:
    scopes = dict(loaded.scopes) if loaded else {}
    rows = np.array([np.frombuffer(blob, dtype=np.float16) for *_, blob in added], dtype=np.float32)
    numbers = np.array([number for _, number, _, _ in added], dtype=np.int64)
    within = np.array([scopes.setdefault(scope, len(scopes)) for _, _, scope, _ in added], dtype=np.int32)
    last = added[-1][0] if added else 0
    if loaded is not None and len(loaded.numbers):
        rows = np.concatenate((loaded.rows, rows)) if len(added) else loaded.rows
        numbers = np.concatenate((loaded.numbers, numbers))
        within = np.concatenate((loaded.within, within))
        last = max(last, loaded.last)
    return _Loaded(rows=rows, numbers=numbers, within=within, scopes=scopes, last=last)


def _nearest(
    loaded: _Loaded, vector: Matrix, scopes: Sequence[str], only: list[int] | None, limit: int
) -> list[tuple[int, float]]:
    if not len(loaded.numbers) or loaded.rows.shape[1] != len(vector):
        return []
    asked = [loaded.scopes[scope] for scope in scopes if scope in loaded.scopes]
    seen = np.isin(loaded.within, np.array(asked, dtype=np.int32))
    if only is not None:
        seen &= np.isin(loaded.numbers, np.array(only, dtype=np.int64))
    if not seen.any():
        return []
    near = np.where(seen, loaded.rows @ vector, -np.inf)
    count = min(limit, int(seen.sum()))
    places = np.argpartition(-near, count - 1)[:count]
    places = places[np.lexsort((loaded.numbers[places], -near[places]))]
    return [(int(loaded.numbers[place]), float(near[place])) for place in places]
