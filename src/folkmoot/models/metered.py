"""A model whose every request is held of the budgets, counted and traced; the loop drives it as it drives any other.

A run with tools is several requests: each is checked before it is sent, so that a budget ends a run in its middle.
Imported late, as the loop is.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from folkmoot.kernel import Clock, new_id
from folkmoot.models import measure
from folkmoot.models.model import Caller, ModelHandle
from folkmoot.models.spending import UsageLedger, Use
from folkmoot.models.spending.ledger import Ticket
from folkmoot.models.spending.prices import Tokens
from folkmoot.telemetry import Tracing


@dataclass(frozen=True, kw_only=True)
class Meter:
    """For whom a model is asked, and where that is counted."""

    ledger: UsageLedger
    clock: Clock
    tracing: Tracing
    handle: ModelHandle
    caller: Caller
    kind: str


class MeteredModel(WrapperModel):
    """See above."""

    def __init__(self, wrapped: Model, *, meter: Meter) -> None:
        super().__init__(wrapped)
        self._meter = meter

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        meter = self._meter
        with meter.tracing.span(f"chat {meter.handle.name}", kind="client", aside=True, **_attributes(meter)) as span:
            ticket = await self._begin(messages, model_settings, model_request_parameters)
            try:
                response = await self.wrapped.request(
                    messages, _capped(model_settings, ticket), model_request_parameters
                )
            except BaseException as error:
                # A server that answers with an error takes nothing; one that is left alone may have done the work.
                passed = 0 if _answered(error) else measure.about(messages, model_request_parameters)
                self._end(ticket, RequestUsage(input_tokens=passed), outcome=_outcome(error), estimated=bool(passed))
                raise
            usage, estimated = _used(response, messages, model_request_parameters)
            self._end(ticket, usage, estimated=estimated, answered_by=response.model_name)
            span.put("gen_ai.usage.input_tokens", usage.input_tokens)
            span.put("gen_ai.usage.output_tokens", usage.output_tokens)
        return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        meter = self._meter
        with meter.tracing.span(f"chat {meter.handle.name}", kind="client", aside=True, **_attributes(meter)) as span:
            ticket = await self._begin(messages, model_settings, model_request_parameters)
            stream: StreamedResponse | None = None
            try:
                async with self.wrapped.request_stream(
                    messages, _capped(model_settings, ticket), model_request_parameters, run_context
                ) as stream:
                    yield stream
            except BaseException as error:
                used, estimated = RequestUsage(), False
                if stream is not None:
                    used, estimated = _used(stream.get(), messages, model_request_parameters)
                elif not _answered(error):
                    used = RequestUsage(input_tokens=measure.about(messages, model_request_parameters))
                    estimated = True
                self._end(ticket, used, outcome=_outcome(error), estimated=estimated)
                raise
            usage, estimated = _used(stream.get(), messages, model_request_parameters)
            self._end(ticket, usage, estimated=estimated, answered_by=stream.model_name)
            span.put("gen_ai.usage.input_tokens", usage.input_tokens)
            span.put("gen_ai.usage.output_tokens", usage.output_tokens)

    async def _begin(
        self, messages: list[ModelMessage], settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> Ticket:
        meter, caller = self._meter, self._meter.caller
        use = Use(
            usage_id=new_id(),
            at=meter.clock.now(),
            kind=meter.kind,
            model=meter.handle.name,
            provider=meter.handle.provider,
            agent_id=caller.agent_id,
            user_id=caller.user_id,
            conversation_id=caller.conversation_id,
            workflow_id=caller.workflow_id,
            input_tokens=measure.bound(messages, parameters),
            offline=meter.handle.offline,
        )
        return await meter.ledger.begin(use, handle=meter.handle, wanted=(settings or {}).get("max_tokens"))

    def _end(
        self,
        ticket: Ticket,
        usage: RequestUsage,
        *,
        outcome: str = "succeeded",
        estimated: bool = False,
        answered_by: str | None = None,
    ) -> None:
        meter, use = self._meter, ticket.use
        tokens = Tokens(input=usage.input_tokens, output=usage.output_tokens, cached=usage.cache_read_tokens)
        taken = (meter.clock.now() - use.at).total_seconds()
        meter.ledger.end(
            replace(
                use,
                answered_by=answered_by,
                input_tokens=tokens.input,
                output_tokens=tokens.output,
                cached_tokens=tokens.cached,
                cost=meter.ledger.prices.cost(meter.handle, tokens),
                duration_ms=max(round(taken * 1000), 0),
                outcome=outcome,
                estimated=estimated,
            )
        )


def _attributes(meter: Meter) -> dict[str, str]:
    """By OpenTelemetry's conventions for generative models; no text of anybody is among them."""
    found = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": meter.handle.provider,
        "gen_ai.request.model": meter.handle.model,
        "folkmoot.kind": meter.kind,
    }
    if meter.caller.agent_id:
        found["gen_ai.agent.id"] = meter.caller.agent_id
    return found


def _capped(settings: ModelSettings | None, ticket: Ticket) -> ModelSettings | None:
    if ticket.output_tokens is None:
        return settings
    capped: ModelSettings = {**(settings or {}), "max_tokens": ticket.output_tokens}
    return capped


def _used(
    response: ModelResponse, messages: list[ModelMessage], parameters: ModelRequestParameters
) -> tuple[RequestUsage, bool]:
    """What the server says it used; measured from the texts if it does not say."""
    usage = response.usage
    if usage.input_tokens or usage.output_tokens:
        return usage, False
    return (
        RequestUsage(input_tokens=measure.about(messages, parameters), output_tokens=measure.said(response)),
        True,
    )


def _answered(error: BaseException) -> bool:
    """Whether the server itself said no."""
    return isinstance(getattr(error, "status_code", None), int)


def _outcome(error: BaseException) -> str:
    return "failed" if isinstance(error, Exception) else "cancelled"
