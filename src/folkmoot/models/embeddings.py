"""Embedding models: texts as vectors of unit length, for searching by meaning.

`EMBEDDING_MODEL` names one as a language model is named: `openai:text-embedding-3-small` (or any OpenAI-compatible
server by `EMBEDDING_BASE_URL`), `ollama:nomic-embed-text`, `local:<folder>` (`local_embeddings.py`), and
`builtin:ngrams`, which needs nothing (`ngrams.py`). Which one is used is chosen in `folkmoot.assembly`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from folkmoot.kernel import Clock, SystemClock
from folkmoot.models.address import complete, leaves_network
from folkmoot.models.embedding_book import EmbeddingBook
from folkmoot.models.errors import ModelAnswerInvalidError, ModelRefusedError, ModelUnavailableError
from folkmoot.models.model import ModelHandle
from folkmoot.models.spending import UsageLedger

OPENAI_URL: Final = "https://api.openai.com/v1"
# Most embedding models read no more than this of a text.
LONGEST: Final = 8000
_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})

Matrix = NDArray[np.float32]


class HttpEmbedder(ABC):
    """What the two protocols have in common: asking over HTTP, trying again, checking what comes back."""

    floor = 0.2

    def __init__(
        self,
        *,
        name: str,
        url: str,
        key: str | None = None,
        timeout: timedelta = timedelta(seconds=30),
        retries: int = 2,
        pause: timedelta = timedelta(seconds=0.5),
        ledger: UsageLedger | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self._url = url
        self._key = key
        self._timeout = timeout
        self._retries = retries
        self._pause = pause
        self._client: Any = None
        self._ledger = ledger
        self._clock = clock or SystemClock()

    @property
    def remote(self) -> bool:
        """Whether texts leave this machine and its private network. In doubt, yes."""
        return leaves_network(self._url)

    async def embed(self, texts: Sequence[str], *, question: bool = False) -> Matrix:  # noqa: ARG002  # these models take both alike
        """One row of unit length a text.

        Raises `ModelUnavailableError`, `ModelRefusedError`, `ModelAnswerInvalidError`, and `ModelBudgetExceededError`
        where a budget holds for what embedding takes.
        """
        answer = await self._counted([text[:LONGEST] or " " for text in texts])
        try:
            rows = np.asarray(self._rows(answer), dtype=np.float32)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelAnswerInvalidError(f"'{self.name}' answered with something that is no vectors") from error
        return checked(rows, len(texts), self.name)

    async def close(self) -> None:
        """Give back connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @abstractmethod
    def _body(self, texts: list[str]) -> dict[str, Any]:
        """What is asked."""

    @abstractmethod
    def _rows(self, answer: Any) -> list[Any]:
        """The vectors in an answer, in the order of the texts."""

    @abstractmethod
    def _tokens(self, answer: Any) -> Any:
        """What the server says that it read; anything else if it does not say."""

    async def _counted(self, texts: list[str]) -> Any:
        if self._ledger is None:
            return await self._post(self._body(texts))
        provider, _, model = self.name.partition(":")
        handle = ModelHandle(
            name=self.name, provider=provider, model=model, offline=False, remote=self.remote, url=self._url
        )
        book = EmbeddingBook(handle=handle, ledger=self._ledger, clock=self._clock)
        ticket = await book.begin(texts)
        try:
            answer = await self._post(self._body(texts))
        except ModelRefusedError:
            book.end(ticket, texts, tokens=0, outcome="failed")
            raise
        except BaseException as error:
            book.end(ticket, texts, tokens=None, outcome="failed" if isinstance(error, Exception) else "cancelled")
            raise
        tokens = self._tokens(answer)
        book.end(ticket, texts, tokens=tokens if isinstance(tokens, int) and tokens > 0 else None)
        return answer

    async def _post(self, body: dict[str, Any]) -> Any:
        import httpx  # noqa: PLC0415  # most workplaces have no embedding model

        if self._client is None:
            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            self._client = httpx.AsyncClient(
                headers=headers, timeout=self._timeout.total_seconds(), trust_env=False, follow_redirects=False
            )
        said = ""
        for attempt in range(self._retries + 1):
            if attempt:
                await asyncio.sleep(self._pause.total_seconds() * 2 ** (attempt - 1))
            try:
                answer = await self._client.post(self._url, json=body)
            except httpx.HTTPError as error:
                said = f"does not answer ({str(error) or type(error).__name__})"
                continue
            if answer.is_success:
                try:
                    return answer.json()
                except ValueError as error:
                    raise ModelAnswerInvalidError(f"'{self.name}' answered with something that is no JSON") from error
            if answer.status_code not in _PASSING:
                raise ModelRefusedError(
                    f"'{self.name}' refused to embed with status {answer.status_code}; check its name and key",
                    status=answer.status_code,
                )
            said = f"answered with status {answer.status_code}"
        raise ModelUnavailableError(f"the embedding model '{self.name}' {said}", model=self.name)


class OpenAIEmbedder(HttpEmbedder):
    """OpenAI, and every server that speaks its protocol."""

    def __init__(self, model: str, *, base_url: str | None = None, key: str | None = None, **more: Any) -> None:
        super().__init__(
            name=f"openai:{model}", url=f"{(base_url or OPENAI_URL).rstrip('/')}/embeddings", key=key, **more
        )
        self._model = model

    def _body(self, texts: list[str]) -> dict[str, Any]:
        return {"model": self._model, "input": texts, "encoding_format": "float"}

    def _rows(self, answer: Any) -> list[Any]:
        return [one["embedding"] for one in sorted(answer["data"], key=lambda one: one["index"])]

    def _tokens(self, answer: Any) -> Any:
        return (answer.get("usage") or {}).get("prompt_tokens") if isinstance(answer, dict) else None


class OllamaEmbedder(HttpEmbedder):
    """An Ollama on this machine or network."""

    def __init__(self, model: str, *, host: str, **more: Any) -> None:
        super().__init__(name=f"ollama:{model}", url=f"{complete(host, default_port=11434)}/api/embed", **more)
        self._model = model

    @property
    def remote(self) -> bool:
        return super().remote or self._model.endswith(("-cloud", ":cloud"))

    def _body(self, texts: list[str]) -> dict[str, Any]:
        return {"model": self._model, "input": texts, "truncate": True}

    def _rows(self, answer: Any) -> list[Any]:
        rows: list[Any] = answer["embeddings"]
        return rows

    def _tokens(self, answer: Any) -> Any:
        return answer.get("prompt_eval_count") if isinstance(answer, dict) else None


def checked(rows: Matrix, wanted: int, name: str) -> Matrix:
    """The rows with unit length, or `ModelAnswerInvalidError`."""
    if rows.ndim != 2 or rows.shape[0] != wanted or not rows.shape[1] or not np.isfinite(rows).all():  # noqa: PLR2004  # rows and columns
        raise ModelAnswerInvalidError(f"'{name}' answered {rows.shape} numbers for {wanted} texts", model=name)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Matrix = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit
