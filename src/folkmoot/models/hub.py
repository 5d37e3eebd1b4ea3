"""The hub: which model a name means, and the three ways of asking one.

The loop itself is in `loop.py` and is imported, in a thread, when the first question is asked: pydantic-ai takes
seconds to import, and a plain handler never needs it.
"""

import asyncio
import importlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from types import ModuleType
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from folkmoot.kernel import Clock, SystemClock
from folkmoot.models.asked import Asked, Run
from folkmoot.models.errors import ModelsError, OfflineModelError
from folkmoot.models.knowledge import Tool
from folkmoot.models.model import (
    Answer,
    Attachment,
    Caller,
    Limits,
    ModelHandle,
    ModelReport,
    ModelSettings,
    ModelState,
    Turn,
)
from folkmoot.models.naming import Names, handle_of
from folkmoot.models.provider import Provider
from folkmoot.models.spending import UsageLedger
from folkmoot.models.spending.prices import Tokens
from folkmoot.models.watch import Watches
from folkmoot.telemetry import Metrics, Tracing

Output = TypeVar("Output", bound=BaseModel)
_GRACE: Final = timedelta(milliseconds=250)  # a model's own time-out comes first, so that it counts as that model's
_MOST_BUILT: Final = 64  # kept ready at once; names come from messages, and have no end


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """A model that can be driven: what `loop.py` gets."""

    model: Any
    name: str
    run: Run
    loop: ModuleType
    patience: timedelta


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
        metrics: Metrics | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock or SystemClock()
        self._tracing = tracing or Tracing()
        self._settings = settings
        self._names = Names(providers)
        self._watches = Watches(settings, clock=self._clock, metrics=metrics)
        self._built: dict[str, tuple[Any, bool]] = {}
        self._building: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by provider
        self._loop: ModuleType | None = None

    async def resolve(self, name: str | None = None) -> ModelHandle:
        """The model meant by `name`: `provider:model`, a bare provider, `auto`, or None for the setting.

        Several names with commas are a chain, of which each is asked when those before it cannot answer.
        Raises `UnknownModelError` for a name that means nothing, `ModelNotConfiguredError` if its provider lacks a key
        or address, `ModelUnavailableError` if a bare provider's server does not say which models it has.
        """
        return await self._names.meant((name or self._settings.model).strip())

    def check(self, name: str) -> None:
        """Raise `UnknownModelError` for a name that can never mean a model; asks no server."""
        self._names.check(name.strip())

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
        attachments: Sequence[Attachment] = (),
    ) -> Output:
        """A typed answer, checked against `output`; a wrong one is sent back twice.

        Raises `OfflineModelError` for an offline handle, whose decisions come from estimators, and every case of
        `ModelsError` that says what the model's server or its answer was wrong in.
        """
        able = handle.deciding()
        if able is None:
            raise OfflineModelError(
                "the offline model decides nothing; estimate, or set MODEL to a language model", model=handle.name
            )
        ready = await self._ready(able, caller, "decide")
        decided: Output = await ready.loop.decide(
            ready,
            instructions=instructions,
            prompt=prompt,
            attachments=attachments,
            output=output,
            history=history,
            tools=tools,
            limits=limits,
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
        attachments: Sequence[Attachment] = (),
    ) -> Answer:
        """An answer in words. Raises the cases of `ModelsError`; an error of a tool passes through unchanged.

        `attachments` are images and texts; a model that sees no images is told of them, and says so.
        """
        ready = await self._ready(handle, caller, "answer")
        answered: Answer = await ready.loop.answer(
            ready,
            instructions=instructions,
            prompt=prompt,
            attachments=attachments,
            history=history,
            tools=tools,
            limits=limits,
        )
        return replace(answered, by=ready.run.by)

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
        attachments: Sequence[Attachment] = (),
    ) -> AsyncGenerator[str | Answer]:
        """Pieces of the answer as they come, then the whole `Answer`. Raises as `answer` does."""
        ready = await self._ready(handle, caller, "stream", bounded=False)
        pieces: AsyncGenerator[str | Answer] = ready.loop.stream(
            ready,
            instructions=instructions,
            prompt=prompt,
            attachments=attachments,
            history=history,
            tools=tools,
            limits=limits,
        )
        async with aclosing(pieces):  # who leaves early is counted before they are gone
            async for piece in pieces:
                yield replace(piece, by=ready.run.by) if isinstance(piece, Answer) else piece

    async def states(self, *, listing: bool = False) -> list[ModelState]:
        """Every provider and how it is, in the order in which `auto` tries them; `listing` asks for their models."""
        chosen = await self.chosen()  # what is wrong stands in the line of its provider
        return list(
            await asyncio.gather(*(self._state(one, chosen, listing) for one in self._names.providers.values()))
        )

    async def chosen(self) -> ModelHandle | None:
        """What agents without a model of their own ask now; None if none of it can be asked."""
        try:
            return await self.resolve(None)
        except ModelsError:
            return None

    async def conditions(self, handle: ModelHandle) -> list[ModelReport]:
        """How each model of a handle is now; `fault` says why it cannot be asked, None if it can.

        A server on this machine or network is asked whether it is there; one elsewhere is judged by its last answers.
        """

        async def one(member: ModelHandle) -> ModelReport:
            report = self._watches.of(member).report()
            if report.breaker == "open":
                return replace(report, fault=report.fault or "it asked to be left alone for a while")
            provider = self._names.providers[member.provider]
            there = member.offline or member.remote or bool(await provider.models())
            return replace(report, fault=None if there else f"no server answers at {provider.url}")

        return list(await asyncio.gather(*(one(member) for member in handle.members)))

    def reports(self) -> list[ModelReport]:
        """How every model was that was asked since the start."""
        return self._watches.reports()

    def measure(self) -> None:
        """Put how the models are now into the metrics."""
        self._watches.measure()

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
        for provider in self._names.providers.values():
            await provider.close()

    async def _state(self, provider: Provider, chosen: ModelHandle | None, listing: bool) -> ModelState:
        missing = provider.why_not()
        if missing is not None:
            return ModelState(provider=provider.name, status="not_configured", detail=missing)
        member = next((one for one in chosen.members if one.provider == provider.name), None) if chosen else None
        default = chosen is not None and chosen.members[0] == member
        model = member.model if member else await provider.default_model()
        models = await provider.models() if listing else []
        limits = self._watches.gate(provider.name).limits
        if not model or (member and not provider.offline and listing and not models):
            said = f"no server answers at {provider.url}"
            return ModelState(
                provider=provider.name, handle=member, status="down", detail=said, default=default, limits=limits
            )
        return ModelState(
            provider=provider.name,
            handle=handle_of(provider, model),
            default=default,
            models=tuple(models),
            limits=limits,
        )

    async def _ready(
        self, handle: ModelHandle, caller: Caller | None = None, kind: str = "", *, bounded: bool = True
    ) -> "_Ready":
        if self._loop is None:
            self._loop = await asyncio.to_thread(importlib.import_module, "folkmoot.models.loop")
        built = {one.name: await self._model(one) for one in handle.members}
        # A chain may wait for each of its models as long as for a single one.
        patience = self._settings.timeout * len(handle.members)
        run = Run(until=self._clock.monotonic() + patience.total_seconds() if bounded else None)
        asked = Asked(
            settings=self._settings,
            clock=self._clock,
            watches=self._watches,
            ledger=self._ledger,
            tracing=self._tracing,
            caller=caller or Caller(),
            kind=kind,
            run=run,
        )
        chain = importlib.import_module("folkmoot.models.chain")  # at once: the loop imported what it needs
        model = chain.driven(handle, built, asked)
        return _Ready(model=model, name=handle.name, run=run, loop=self._loop, patience=patience + _GRACE)

    async def _model(self, handle: ModelHandle) -> tuple[Any, bool]:
        """The model of one provider, and whether it sees images; built once. A slow server holds up its own alone."""
        known = self._built.get(handle.name)
        if known is not None:
            return known
        async with self._building[handle.provider]:
            if handle.name not in self._built:
                built = await asyncio.to_thread(self._names.providers[handle.provider].build, handle.model)
                ready = (built, await self._sees(handle, built))
                if len(self._built) > _MOST_BUILT:
                    self._built.clear()
                self._built[handle.name] = ready
            return self._built[handle.name]

    async def _sees(self, handle: ModelHandle, built: Any) -> bool:
        if handle.name in self._settings.text_only:
            return False
        said = await self._names.providers[handle.provider].sees(handle.model)
        return bool(built.profile.get("supports_image_input", True)) if said is None else said
