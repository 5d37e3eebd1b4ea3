"""An embedding server for tests: real HTTP, the protocols of OpenAI and Ollama, and a meaning that is written here.

Words of one group mean the same to it; other words mean nothing in particular. `texts` keeps what it was sent.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from folkmoot.kernel import words
from tests.stub_model import StubModel, serving

SIZE = 64
GROUPS = (
    ("car", "automobile", "vehicle", "drive"),
    ("salary", "pay", "wage", "earnings", "payroll"),
    ("holiday", "vacation", "leave", "absence"),
    ("customer", "client", "buyer"),
)


class StubEmbeddings(StubModel):
    """The server. `status` other than 200 is answered to everything, `size` numbers a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.status = 200
        self.answer: Any = None
        self.calls = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/embeddings", self._openai, methods=["POST"]),
                Route("/api/embed", self._ollama, methods=["POST"]),
            ]
        )

    async def _openai(self, request: Request) -> Response:
        return await self._embed(
            request,
            lambda rows: {"data": [{"index": place, "embedding": row} for place, row in reversed([*enumerate(rows)])]},
        )

    async def _ollama(self, request: Request) -> Response:
        return await self._embed(request, lambda rows: {"embeddings": rows})

    async def _embed(self, request: Request, shape: Any) -> Response:
        self.calls += 1
        if refused := self._refused(request):
            return refused
        if self.status != 200:
            return JSONResponse({"error": "no"}, status_code=self.status)
        body = await request.json()
        self.texts += body["input"]
        return JSONResponse(self.answer if self.answer is not None else shape([meant(text) for text in body["input"]]))


def meant(text: str) -> list[float]:
    """The vector of a text: its groups, and a little of its words."""
    vector = np.zeros(SIZE)
    for word in words(text):
        group = next((place for place, group in enumerate(GROUPS) if word in group), None)
        if group is not None:
            vector[group] += 1.0
        else:
            vector[len(GROUPS) + zlib.crc32(word.encode()) % (SIZE - len(GROUPS))] += 0.05
    return [float(value) for value in vector]


@contextmanager
def embedding_server() -> Iterator[StubEmbeddings]:
    """The server on a free loopback port."""
    stub = StubEmbeddings()
    with serving(stub):
        yield stub
