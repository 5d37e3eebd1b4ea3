"""What a token costs: the public list prices that genai-prices brings along, and those of a file of one's own.

Nothing is fetched. A model that stays within this machine and network costs nothing by the token unless the file says
otherwise; one that leaves it and has no price has an unknown cost, which is said and never taken for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from folkmoot.models.model import ModelHandle
from folkmoot.models.spending.use import nano

_MILLION: Final = 1_000_000


class Price(BaseModel):
    """USD for a million tokens; `cached_input` is that of `input` if it is not given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)
    cached_input: Decimal | None = Field(default=None, ge=0)


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What is to be priced. `cached` are among `input`."""

    input: int = 0
    output: int = 0
    cached: int = 0


def read_prices(file: Path) -> dict[str, Price]:
    """`{"openai:my-model": {input: 0.5, output: 1.5}}` as YAML; raises `ValueError` that names the fault."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
        return TypeAdapter(dict[str, Price]).validate_python(found or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{file}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


class Prices:
    """Prices by model. `own` goes before the list; its keys are `provider:name`."""

    def __init__(self, own: Mapping[str, Price] | None = None) -> None:
        self._own = dict(own or {})
        self._known: dict[str, bool] = {}

    def cost(self, handle: ModelHandle, tokens: Tokens) -> int | None:
        """Nano-USD; None if nobody knows the price. The first question for a remote model imports the list."""
        if handle.offline:
            return 0
        own = self._own.get(handle.name)
        if own is not None:
            cached = own.input if own.cached_input is None else own.cached_input
            dear = (tokens.input - tokens.cached) * own.input + tokens.cached * cached + tokens.output * own.output
            return nano(dear / _MILLION)
        if not handle.remote:
            return 0
        return self._listed(handle, tokens)

    def _listed(self, handle: ModelHandle, tokens: Tokens) -> int | None:
        if self._known.get(handle.name) is False:
            return None
        from genai_prices import Usage, calc_price  # noqa: PLC0415  # half a second of data that most processes never need

        usage = Usage(input_tokens=tokens.input, output_tokens=tokens.output, cache_read_tokens=tokens.cached or None)
        whose: dict[str, Any] = {"provider_api_url": handle.url} if handle.url else {"provider_id": handle.provider}
        try:
            found = calc_price(usage, handle.model, **whose)
        except LookupError:
            self._known[handle.name] = False
            return None
        self._known[handle.name] = True
        return nano(found.total_price)
