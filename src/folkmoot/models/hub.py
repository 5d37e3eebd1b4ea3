"""The hub: which model a name means, and the three ways of asking one.

The loop itself is in `loop.py` and is imported, in a thread, when the first question is asked: pydantic-ai takes
seconds to import, and a plain handler never needs it.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Sequence
from types import ModuleType
from typing import Any, TypeVar

from pydantic import BaseModel

from folkmoot.kernel import Clock, SystemClock
from folkmoot.models.errors import (
    ModelNotConfiguredError,
    ModelsError,
    ModelUnavailableError,
    OfflineModelError,
    UnknownModelError,
)
from folkmoot.models.knowledge import Tool
from folkmoot.models.model import Answer, Caller, Limits, ModelHandle, ModelSettings, ModelState, Turn
from folkmoot.models.provider import Provider
from folkmoot.models.spending import UsageLedger
from folkmoot.models.spending.prices import Tokens
from folkmoot.telemetry import Tracing

Output = TypeVar("Output", bound=BaseModel)


class ModelHub:
    """Resolves names to models and asks them.

    `providers` stand in the order in which `auto` tries them; one of them is offline, and `auto` ends there. With a
    `ledger`, every request is held of the budgets and counted for its `caller`.
    """

    def __init__(
        self,
        *,
        settings: ModelSettings,
        providers: Sequence[Provider],
        ledger: UsageLedger | None = None,
        clock: Clock | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock or SystemClock()
        self._tracing = tracing or Tracing()
        self._settings = settings
        self._providers = {provider.name: provider for provider in providers}
        self._built: dict[str, Any] = {}
        self._building = asyncio.Lock()
        self._loop_module: ModuleType | None = None

    async def resolve(self, name: str | None = None) -> ModelHandle:
        """The model meant by `name`: `provider:model`, a bare provider, `auto`, or None for the setting.

        Raises `UnknownModelError` for a name that means nothing, `ModelNotConfiguredError` if its provider lacks a key
        or address, `ModelUnavailableError` if a bare provider's server does not say which models it has.
        """
        wanted = (name or self._settings.model).strip()
        if wanted == "auto":
            return await self._first_there()
        provider, model = self._named(wanted)
        if missing := provider.why_not():
            raise ModelNotConfiguredError(f"the model '{wanted}' cannot be used yet: {missing}", model=wanted)
        model = model or await provider.default_model() or ""
        if not model:
            raise ModelUnavailableError(
                f"the server of '{provider.name}' does not answer with the models it has; "
                f"start it, or name one: {provider.name}:<model>",
                model=wanted,
            )
        return _handle(provider, model)

    def check(self, name: str) -> None:
        """Raise `UnknownModelError` for a name that can never mean a model; asks no server."""
        if name.strip() != "auto":
            self._named(name.strip())

    async def decide(
        self,
        handle: ModelHandle,
        *,
        instructions: str,
        prompt: str,
        output: type[Output],
        history: Sequence[Turn] = (),
        tools: Sequence[Tool] = (),
        limits: Limits | None = None,
        caller: Caller | None = None,
    ) -> Output:
        """A typed answer, checked against `output`; a wrong one is sent back twice.

        Raises `OfflineModelError` for an offline handle, whose decisions come from estimators, and every case of
        `ModelsError` that says what the model's server or its answer was wrong in.
        """
        if handle.offline:
            raise OfflineModelError(
                "the offline model decides nothing; estimate, or set MODEL to a language model", model=handle.name
            )
        model, loop = await self._ready(handle, caller, "decide")
        decided: Output = await loop.decide(
            model,
            instructions=instructions,
            prompt=prompt,
            output=output,
            native=self._providers[handle.provider].native_output,
            history=history,
            tools=tools,
            limits=limits,
            timeout=self._settings.timeout,
        )
        return decided

    async def answer(
        self,
        handle: ModelHandle,
        *,
        instructions: str,
        prompt: str,
        history: Sequence[Turn] = (),
        tools: Sequence[Tool] = (),
        limits: Limits | None = None,
        caller: Caller | None = None,
    ) -> Answer:
        """An answer in words. Raises the cases of `ModelsError`; an error of a tool passes through unchanged."""
        model, loop = await self._ready(handle, caller, "answer")
        answered: Answer = await loop.answer(
            model,
            instructions=instructions,
            prompt=prompt,
            history=history,
            tools=tools,
            limits=limits,
            timeout=self._settings.timeout,
        )
        return answered

    async def stream(
        self,
        handle: ModelHandle,
        *,
        instructions: str,
        prompt: str,
        history: Sequence[Turn] = (),
        tools: Sequence[Tool] = (),
        limits: Limits | None = None,
        caller: Caller | None = None,
    ) -> AsyncIterator[str | Answer]:
        """Pieces of the answer as they come, then the whole `Answer`. Raises as `answer` does."""
        model, loop = await self._ready(handle, caller, "stream")
        pieces: AsyncIterator[str | Answer] = loop.stream(
            model,
            instructions=instructions,
            prompt=prompt,
            history=history,
            tools=tools,
            limits=limits,
        )
        async for piece in pieces:
            yield piece

    async def states(self, *, listing: bool = False) -> list[ModelState]:
        """Every provider and how it is, in the order in which `auto` tries them; `listing` asks for their models."""
        try:
            chosen = await self.resolve(None)
        except ModelsError:
            chosen = None  # what is wrong stands in the line of its provider
        return list(await asyncio.gather(*(self._state(one, chosen, listing) for one in self._providers.values())))

    def cost(self, handle: ModelHandle, tokens: Tokens) -> int | None:
        """Nano-USD; None if the price is not known."""
        return self._ledger.prices.cost(handle, tokens) if self._ledger else None

    async def warm_up(self, name: str | None = None) -> ModelHandle:
        """Import and build now what the first question to this model would wait seconds for. Asks the model nothing."""
        handle = await self.resolve(name)
        await self._ready(handle)
        return handle

    async def close(self) -> None:
        """Give back every connection; the hub can be used again afterwards."""
        self._built.clear()
        for provider in self._providers.values():
            await provider.close()

    async def _state(self, provider: Provider, chosen: ModelHandle | None, listing: bool) -> ModelState:
        missing = provider.why_not()
        if missing is not None:
            return ModelState(provider=provider.name, status="not_configured", detail=missing)
        default = chosen is not None and chosen.provider == provider.name
        model = chosen.model if default and chosen is not None else await provider.default_model()
        models = await provider.models() if listing else []
        if not model or (default and not provider.offline and listing and not models):
            said = f"no server answers at {provider.url}"
            handle = chosen if default else None
            return ModelState(provider=provider.name, handle=handle, status="down", detail=said, default=default)
        return ModelState(
            provider=provider.name, handle=_handle(provider, model), default=default, models=tuple(models)
        )

    def _named(self, wanted: str) -> tuple[Provider, str]:
        provider_name, _, model = wanted.partition(":")
        provider = self._providers.get(provider_name)
        if provider is None or (":" in wanted and not model) or (provider.offline and model):
            raise UnknownModelError(
                f"no model is called '{wanted}'; write auto, {', '.join(self._spellings())}",
                model=wanted,
                providers=list(self._providers),
            )
        return provider, model

    async def _first_there(self) -> ModelHandle:
        for provider in self._providers.values():
            if model := await provider.default_model():
                return _handle(provider, model)
        raise ModelNotConfiguredError("no model is there at all; keep the provider 'offline' as the last one")

    async def _ready(self, handle: ModelHandle, caller: Caller | None = None, kind: str = "") -> tuple[Any, Any]:
        async with self._building:
            if self._loop_module is None:
                self._loop_module = await asyncio.to_thread(importlib.import_module, "folkmoot.models.loop")
            if handle.name not in self._built:
                provider = self._providers[handle.provider]
                self._built[handle.name] = await asyncio.to_thread(provider.build, handle.model)
        model = self._built[handle.name]
        if self._ledger is not None and kind:
            metered = importlib.import_module("folkmoot.models.metered")  # at once: the loop imported what it needs
            meter = metered.Meter(
                ledger=self._ledger,
                clock=self._clock,
                tracing=self._tracing,
                handle=handle,
                caller=caller or Caller(),
                kind=kind,
            )
            model = metered.MeteredModel(model, meter=meter)
        return model, self._loop_module

    def _spellings(self) -> list[str]:
        return [name if one.offline else f"{name}:<model>" for name, one in self._providers.items()]


def _handle(provider: Provider, model: str) -> ModelHandle:
    return ModelHandle(
        name=provider.name if provider.offline else f"{provider.name}:{model}",
        provider=provider.name,
        model=model,
        offline=provider.offline,
        remote=provider.remote(model),
        url=provider.url,
    )
