"""`local:<folder>`: a sentence-transformers model that lies in a folder of this machine, by transformers on the CPU.

Needs the extra `local`. Its libraries are imported by name when the first text is embedded, so that nothing else of
the house depends on them; nothing is ever downloaded.
"""

import asyncio
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from folkmoot.models.embeddings import Matrix, checked
from folkmoot.models.errors import ModelNotConfiguredError

_TOKENS: Final = 512


class LocalEmbedder:
    """A folder with `config.json` and weights, as `sentence-transformers` saves it: tokens are pooled as it says."""

    remote = False
    floor = 0.15

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser()
        if not (self._folder / "config.json").is_file():
            raise ModelNotConfiguredError(
                f"there is no embedding model in {self._folder}: it needs a config.json and weights",
                folder=str(self._folder),
            )
        self.name = f"local:{self._folder.name}"
        self._loaded: tuple[Any, Any, Any] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def embed(self, texts: Sequence[str], *, question: bool = False) -> Matrix:  # noqa: ARG002  # both are read alike
        """One row of unit length a text. Raises `ModelNotConfiguredError` where the extra is not installed."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._vectors, list(texts))

    async def close(self) -> None:
        """Let the model go."""
        self._loaded = None

    def _vectors(self, texts: list[str]) -> Matrix:
        torch, tokenizer, model = self._load()
        rows = []
        for start in range(0, len(texts), 32):
            read = tokenizer(
                texts[start : start + 32], padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt"
            )
            with torch.no_grad():
                hidden = model(**read).last_hidden_state
            if self._takes_first():
                pooled = hidden[:, 0]
            else:
                mask = read["attention_mask"].unsqueeze(-1).to(hidden.dtype)
                pooled = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            rows.append(pooled.numpy())
        return checked(np.concatenate(rows).astype(np.float32), len(texts), self.name)

    def _load(self) -> tuple[Any, Any, Any]:
        if self._loaded is None:
            try:
                torch = importlib.import_module("torch")
                transformers = importlib.import_module("transformers")
            except ImportError as error:
                raise ModelNotConfiguredError(
                    f"'{self.name}' needs the extra 'local': pip install 'folkmoot[local]'", model=self.name
                ) from error
            where = {"local_files_only": True}
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(self._folder), **where)
            model = transformers.AutoModel.from_pretrained(str(self._folder), **where)
            model.eval()
            self._loaded = (torch, tokenizer, model)
        return self._loaded

    def _takes_first(self) -> bool:
        """Whether the first token speaks for the text, instead of the mean of all."""
        pooling = self._folder / "1_Pooling" / "config.json"
        if not pooling.is_file():
            return False
        said: Any = json.loads(pooling.read_text(encoding="utf-8"))
        return bool(said.get("pooling_mode_cls_token"))
