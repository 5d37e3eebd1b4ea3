"""The agent loop: persona, tools and a model, by pydantic-ai. Every model goes through it, the offline one too.

Imported late (see `hub.py`). What pydantic-ai and the servers raise is put into our words in `faults.py`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, AgentRunResult, AgentRunResultEvent, NativeOutput, capture_run_messages
from pydantic_ai import Tool as LoopTool
from pydantic_ai.messages import (
    FunctionToolCallEvent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model
from pydantic_ai.usage import UsageLimits

from folkmoot.models.faults import own_words
from folkmoot.models.knowledge import SAID_LIKE, SEARCH_TOOL, OfferedTool, Tool, Toolbox, sources_in
from folkmoot.models.model import Answer, Limits, Turn, Usage

Output = TypeVar("Output", bound=BaseModel)

# A token a write would cost more than the token: small pieces travel together for as long as an eye would not notice.
_FLUSH_SECONDS: Final = 0.05
_FLUSH_CHARACTERS: Final = 400
_OUTPUT_TOOL: Final = "final_result"  # by which a typed answer is given
_TURNS: Final = 12  # requests of one answer where an agent names no limit: a loop of tool calls ends


async def decide(
    model: Model,
    *,
    instructions: str,
    prompt: str,
    output: type[Output],
    native: bool,
    history: Sequence[Turn],
    tools: Sequence[Tool],
    limits: Limits | None,
    timeout: timedelta,  # noqa: ASYNC109  # for the whole loop; it becomes asyncio.timeout below
) -> Output:
    """See `ModelHub.decide`."""
    agent: Agent[None, Output] = Agent(
        model,
        output_type=NativeOutput(output) if native else output,
        instructions=instructions,
        tools=_as_called(tools),
        retries=2,
    )
    with own_words(model.model_id), capture_run_messages() as said:
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                result = await agent.run(prompt, message_history=_messages(history), usage_limits=_limits(limits))
        finally:
            await _tell_of_strays(tools, _calls(said))
    return result.output


async def answer(
    model: Model,
    *,
    instructions: str,
    prompt: str,
    history: Sequence[Turn],
    tools: Sequence[Tool],
    limits: Limits | None,
    timeout: timedelta,  # noqa: ASYNC109  # for the whole loop; it becomes asyncio.timeout below
) -> Answer:
    """See `ModelHub.answer`."""
    with own_words(model.model_id), capture_run_messages() as said:
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                result = await _talker(model, instructions, tools).run(
                    prompt, message_history=_messages(history), usage_limits=_limits(limits)
                )
        finally:
            await _tell_of_strays(tools, _calls(said))
    return _answer(model, result)


async def stream(
    model: Model,
    *,
    instructions: str,
    prompt: str,
    history: Sequence[Turn],
    tools: Sequence[Tool],
    limits: Limits | None,
) -> AsyncIterator[str | Answer]:
    """See `ModelHub.stream`. A server that falls silent ends by its client's own time-out."""
    talker = _talker(model, instructions, tools)
    waiting: list[str] = []
    flushed = 0.0
    with own_words(model.model_id):
        async with talker.run_stream_events(
            prompt, message_history=_messages(history), usage_limits=_limits(limits)
        ) as events:
            async for event in events:
                if isinstance(event, AgentRunResultEvent):
                    if waiting:
                        yield "".join(waiting)
                    yield _answer(model, event.result)
                    return
                if isinstance(event, FunctionToolCallEvent):
                    await _tell_of_strays(tools, [event.part])
                waiting.extend(_text_in(event))
                now = time.monotonic()
                if waiting and (now - flushed > _FLUSH_SECONDS or sum(map(len, waiting)) > _FLUSH_CHARACTERS):
                    yield "".join(waiting)
                    waiting, flushed = [], now


def _talker(model: Model, instructions: str, tools: Sequence[Tool]) -> Agent[None, str]:
    return Agent(model, instructions=instructions, tools=_as_called(tools), retries=2)


def _as_called(tools: Sequence[Tool]) -> list[Any]:
    """The tools as the loop takes them: functions that describe themselves, or with the schema they came with."""
    return [_with_its_schema(one) if isinstance(one, OfferedTool) else one for one in tools]


def _with_its_schema(one: OfferedTool) -> LoopTool[Any]:
    made: LoopTool[Any] = LoopTool.from_schema(
        one.call, one.name, one.description, one.parameters, sequential=one.one_at_a_time
    )
    made.metadata = {SAID_LIKE: one.said_like}  # for the offline model; no other is shown it
    return made


def _calls(messages: Sequence[ModelMessage]) -> list[ToolCallPart]:
    return [
        part
        for message in messages
        if isinstance(message, ModelResponse)
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]


async def _tell_of_strays(tools: Sequence[Tool], calls: Sequence[ToolCallPart]) -> None:
    """The loop answers a call of something that was not offered by itself; whoever offered the tools hears of it."""
    if not isinstance(tools, Toolbox) or tools.strayed is None:
        return
    known = {one.name if isinstance(one, OfferedTool) else getattr(one, "__name__", "") for one in tools}
    for call in calls:
        if call.tool_name not in known and call.tool_kind is None and call.tool_name != _OUTPUT_TOOL:
            try:
                arguments = call.args_as_dict()
            except ValueError:
                arguments = {}
            await tools.strayed(call.tool_name, arguments)


def _text_in(event: Any) -> Iterator[str]:
    match event:
        case PartStartEvent(part=TextPart(content=text)) if text:
            yield text
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text)) if text:
            yield text
        case _:
            return


def _messages(history: Sequence[Turn]) -> list[ModelMessage]:
    return [
        ModelRequest(parts=[UserPromptPart(turn.text)])
        if turn.role == "user"
        else ModelResponse(parts=[TextPart(turn.text)])
        for turn in history
    ]


def _limits(limits: Limits | None) -> UsageLimits:
    limits = limits or Limits()
    return UsageLimits(
        request_limit=limits.turns or _TURNS,
        total_tokens_limit=limits.tokens,
        cost_limit=None if limits.cost is None else Decimal(str(limits.cost)),
    )


def _answer(model: Model, result: AgentRunResult[str]) -> Answer:
    messages = result.new_messages()
    returned = [
        part.content
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart) and part.tool_name == SEARCH_TOOL
    ]
    named = [message.model_name for message in messages if isinstance(message, ModelResponse) and message.model_name]
    usage = result.usage
    return Answer(
        text=result.output,
        model=named[-1] if named else model.model_name,
        usage=Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            requests=usage.requests,
            tool_calls=usage.tool_calls,
        ),
        sources=sources_in(returned),
    )
