"""A model that is asked with care: not oftener than its provider allows, not for ever, again when that may help.

Around each attempt stand the provider's gate, the model's breaker and a time limit: for a whole answer, or for the
first token of a stream and for each one after it. A request is sent again only while nothing of its answer was handed
on. What ends a request here is one of our own errors, by whose class a chain goes on to its next model (`chain.py`).
Imported late, as the loop is.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic_ai import RunContext
from pydantic_ai import exceptions as theirs
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponseStreamEvent
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings as RequestSettings

from folkmoot.kernel import Clock
from folkmoot.kernel.breaker import BreakerState
from folkmoot.models.asked import Run
from folkmoot.models.attached import without_images
from folkmoot.models.errors import ModelsError, ModelUnavailableError
from folkmoot.models.faults import fails, passes, pause_asked, translated
from folkmoot.models.gate import ProviderGate
from folkmoot.models.model import ModelHandle, ModelSettings
from folkmoot.models.watch import Watch

_FIRST_PAUSE: Final = timedelta(seconds=0.5)
_LONGEST_PAUSE: Final = timedelta(seconds=8)


@dataclass(frozen=True, kw_only=True)
class Care:
    """What a `GuardedModel` keeps to. `sees` tells whether the model takes images."""

    handle: ModelHandle
    settings: ModelSettings
    clock: Clock
    watch: Watch
    gate: ProviderGate
    run: Run
    sees: bool = True


class GuardedModel(WrapperModel):
    """See above. Raises `ModelUnavailableError` in its cases where another model may be asked instead."""

    def __init__(self, wrapped: Model, *, care: Care) -> None:
        super().__init__(wrapped)
        self._care = care

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: RequestSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        care, attempt = self._care, 0
        self._not_given_up()
        messages = messages if care.sees else without_images(messages)
        while True:
            attempt += 1
            began = care.clock.monotonic()
            try:
                async with self._asked(), asyncio.timeout(self._patience(care.settings.timeout)):
                    response = await self.wrapped.request(messages, model_settings, model_request_parameters)
            except Exception as error:  # noqa: BLE001  # raised again there, unless the request is sent again
                await self._again(error, attempt)
            else:
                care.watch.answered(care.clock.monotonic() - began)
                care.run.by = care.handle
                return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: RequestSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        care, attempt, handed_on = self._care, 0, False
        self._not_given_up()
        messages = messages if care.sees else without_images(messages)
        while True:
            attempt += 1
            began = care.clock.monotonic()
            try:
                async with AsyncExitStack() as stack:
                    await stack.enter_async_context(self._asked())
                    async with asyncio.timeout(self._patience(care.settings.first_token)):
                        stream = await stack.enter_async_context(
                            self.wrapped.request_stream(messages, model_settings, model_request_parameters, run_context)
                        )
                        events = aiter(stream)
                        first = await anext(events, None)
                    care.watch.began(care.clock.monotonic() - began)
                    care.run.by = care.handle
                    # As the library's own fallback does: whoever iterates the stream gets what is stored here.
                    stream._event_iterator = self._watched(first, events)  # noqa: SLF001
                    handed_on = True
                    yield stream
                    care.watch.answered(care.clock.monotonic() - began)
                    return
            except Exception as error:
                if handed_on:
                    raise
                await self._again(error, attempt)

    async def _watched(
        self, first: ModelResponseStreamEvent | None, events: AsyncIterator[ModelResponseStreamEvent]
    ) -> AsyncIterator[ModelResponseStreamEvent]:
        care = self._care
        if first is not None:
            yield first
        patience = care.settings.next_token.total_seconds()
        while True:
            try:
                async with asyncio.timeout(patience):
                    event = await anext(events, None)
            except Exception as error:
                named = self._named(error)
                if named is error:
                    raise
                self._count(error)
                raise named from error
            if event is None:
                return
            yield event

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[None]:
        """One attempt: through the gate and the breaker, which hears how it went."""
        care = self._care
        if care.handle.offline:
            yield
            return
        breaker = care.watch.breaker
        if breaker.state is BreakerState.OPEN:
            breaker.enter()  # refuses at once, without a turn at the gate
        async with care.gate.passed():
            breaker.enter()
            try:
                yield
            except BaseException as error:
                cause = error.__cause__ if isinstance(error, ModelsError) else error
                if cause is not None and fails(cause):
                    breaker.failed()
                else:
                    breaker.leave()  # that says nothing of how the model is
                raise
            breaker.succeeded()

    async def _again(self, error: Exception, attempt: int) -> None:
        """Return when the request is to be sent again; raise, in our words, if it is not."""
        care = self._care
        named = self._named(error)
        self._count(error)
        asked = pause_asked(error)
        if asked is not None and asked > _LONGEST_PAUSE:
            care.watch.rest(asked)
        elif passes(error) and attempt <= care.settings.retries and care.watch.breaker.state is not BreakerState.OPEN:
            grown: timedelta = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
            pause = (grown if asked is None else asked) * random.uniform(1.0, 1.2)
            if care.run.until is None or care.clock.monotonic() + pause.total_seconds() < care.run.until:
                care.watch.repeated()
                await care.clock.sleep(pause)
                return
        if isinstance(named, ModelUnavailableError):
            care.run.given_up[care.handle.name] = named
        raise named from (error if named is not error else None)

    def _not_given_up(self) -> None:
        if error := self._care.run.given_up.get(self._care.handle.name):
            raise error

    def _named(self, error: Exception) -> Exception:
        """Our word for what another model may help with; anything else is left to the loop, or is not the model's."""
        if fails(error) or passes(error):
            return translated(self._care.handle.name, error)
        return error

    def _count(self, error: Exception) -> None:
        """Remember a fault that came from the model; what kept us from asking it, and a budget, are none."""
        if isinstance(error, theirs.AgentRunError | TimeoutError):
            self._care.watch.failed(translated(self._care.handle.name, error))

    def _patience(self, most: timedelta) -> float:
        care = self._care
        if care.run.until is None:
            return most.total_seconds()
        return max(min(most.total_seconds(), care.run.until - care.clock.monotonic()), 0.001)
