"""What an embedding model and a place for vectors promise."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from folkmoot.memory.model import Filters

Matrix: TypeAlias = NDArray[np.float32]


class Embedder(Protocol):
    """An embedding model."""

    @property
    def name(self) -> str:
        """What its vectors are known by; another name means other vectors."""
        ...

    @property
    def remote(self) -> bool:
        """Whether what it is told leaves this machine and its private network."""
        ...

    @property
    def floor(self) -> float:
        """The cosine below which two texts have nothing to do with each other."""
        ...

    async def embed(self, texts: Sequence[str], *, question: bool = False) -> Matrix:
        """One row of unit length a text. `question`: the texts are asked, not searched.

        Raises a `FolkmootError` where the model cannot be reached or does not answer as it should.
        """
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A passage that has no vector yet, with what a place for vectors filters by."""

    number: int
    text: str
    heading: str
    scope: str
    source: str
    origin: str
    media_type: str
    consent_id: str | None
    at: datetime | None

    @property
    def said(self) -> str:
        """What is embedded: the text below its headings."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A passage and its vector, of unit length."""

    passage: Pending
    vector: NDArray[np.float32]


class Vectors(Protocol):
    """A place where the vectors of one embedding model are."""

    async def missing(self, *, remote: bool, allowed: Collection[str], limit: int) -> list[Pending]:
        """Passages without a vector. With `remote`, of persons' passages only those that rest on `allowed` consents."""
        ...

    async def keep(self, batch: Sequence[Embedded]) -> None:
        """Keep vectors; one that is there already is replaced, one whose passage is gone is dropped."""
        ...

    async def nearest(
        self, vector: NDArray[Any], *, scopes: Sequence[str], filters: Filters, limit: int
    ) -> list[tuple[int, float]]:
        """Numbers of passages by cosine, the nearest first. What is gone may still be among them for a moment."""
        ...

    async def forget(self, scope: str | None = None) -> int:
        """Drop vectors whose passage is gone, and all of `scope`; how many."""
        ...

    async def counted(self) -> int:
        """How many passages have a vector."""
        ...

    async def close(self) -> None:
        """Give back memory and connections."""
        ...
