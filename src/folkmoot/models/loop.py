"""The agent loop: persona, tools and a model, by pydantic-ai. Every model goes through it, the offline one too.

Imported late (see `hub.py`). What pydantic-ai and the servers raise is put into our words in `faults.py`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, AgentRunResultEvent, capture_run_messages
from pydantic_ai import Tool as LoopTool
from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import ContentFilterError, OutputTokenLimitExceeded
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
    repair_messages,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RunUsage, UsageLimits

from folkmoot.models.attached import prompt_with
from folkmoot.models.faults import own_words
from folkmoot.models.knowledge import SAID_LIKE, SEARCH_TOOL, OfferedTool, Tool, Toolbox, sources_in
from folkmoot.models.model import Answer, Attachment, Limits, Turn, Usage

Output = TypeVar("Output", bound=BaseModel)

# A token a write would cost more than the token: small pieces travel together for as long as an eye would not notice.
_GATHER: Final = 0.03
_AHEAD: Final = 64  # events that wait for whoever hears them
_OUTPUT_TOOL: Final = "final_result"  # by which a typed answer is given
_TURNS: Final = 12  # requests of one answer where an agent names no limit: a loop of tool calls ends


class Ready(Protocol):
    """What the hub hands over: a model, its name, and for how long all of a question may take."""

    @property
    def model(self) -> Any: ...

    @property
    def name(self) -> str: ...

    @property
    def patience(self) -> timedelta: ...


async def decide(
    ready: Ready,
    *,
    instructions: str,
    prompt: str,
    attachments: Sequence[Attachment],
    output: type[Output],
    history: Sequence[Turn],
    tools: Sequence[Tool],
    limits: Limits | None,
) -> Output:
    """See `ModelHub.decide`. Whether by a tool or by a schema is a matter of each model's profile."""
    agent: Agent[None, Output] = Agent(
        ready.model, output_type=output, instructions=instructions, tools=_as_called(tools), retries=2
    )
    content = prompt_with(prompt, attachments)
    with own_words(ready.name), capture_run_messages() as said:
        try:
            async with asyncio.timeout(ready.patience.total_seconds()):
                result = await agent.run(content, message_history=_messages(history), usage_limits=_limits(limits))
        finally:
            await _tell_of_strays(tools, _calls(said))
    return result.output


async def answer(
    ready: Ready,
    *,
    instructions: str,
    prompt: str,
    attachments: Sequence[Attachment],
    history: Sequence[Turn],
    tools: Sequence[Tool],
    limits: Limits | None,
) -> Answer:
    """See `ModelHub.answer`."""
    content = prompt_with(prompt, attachments)
    with own_words(ready.name), capture_run_messages() as said:
        try:
            async with asyncio.timeout(ready.patience.total_seconds()):
                result = await _talker(ready.model, instructions, _as_called(tools)).run(
                    content, message_history=_messages(history), usage_limits=_limits(limits)
                )
        finally:
            await _tell_of_strays(tools, _calls(said))
    return _answer(result.output, result.new_messages(), name=ready.name, used=result.usage)


async def stream(
    ready: Ready,
    *,
    instructions: str,
    prompt: str,
    attachments: Sequence[Attachment],
    history: Sequence[Turn],
    tools: Sequence[Tool],
    limits: Limits | None,
) -> AsyncGenerator[str | Answer]:
    """See `ModelHub.stream`. The first piece goes out at once, the others gather for `_GATHER` seconds."""
    asking = _Asking(
        ready=ready,
        instructions=instructions,
        content=prompt_with(prompt, attachments),
        history=_messages(history),
        tools=_as_called(tools),
        limits=_limits(limits),
    )
    waiting: list[str] = []
    flushed = 0.0
    with own_words(ready.name):
        moments = _or_nothing(_events(asking), lambda: flushed + _GATHER if waiting else None)
        async with aclosing(moments):
            async for event in moments:
                if isinstance(event, Answer):
                    if waiting:
                        yield "".join(waiting)
                    yield event
                    return
                if isinstance(event, FunctionToolCallEvent):
                    await _tell_of_strays(tools, [event.part])
                waiting.extend(_text_in(event))
                if waiting and ((now := time.monotonic()) - flushed >= _GATHER or event is None):
                    yield "".join(waiting)
                    waiting, flushed = [], now


@dataclass(frozen=True, kw_only=True)
class _Asking:
    """A question as pydantic-ai takes it."""

    ready: Ready
    instructions: str
    content: Any
    history: list[ModelMessage]
    tools: list[Any]
    limits: UsageLimits


async def _events(asking: _Asking) -> AsyncGenerator[Any]:
    """What happens until there is an answer, and the `Answer`.

    Most answers are one response in words, for which the loop is not needed: it takes longer to set up than everything
    else together. The first response is asked of the model itself, and the loop goes on from one that calls tools, or
    that is none. Where limits count what was used, the loop is there from the beginning, for it knows how.
    """
    name, model = asking.ready.name, asking.ready.model
    content, history, used = asking.content, asking.history, RunUsage()
    if not (asking.limits.has_token_limits() or asking.limits.cost_limit is not None):
        parameters = ModelRequestParameters(function_tools=[_defined(one) for one in asking.tools])
        asked = ModelRequest(parts=[UserPromptPart(content)], instructions=asking.instructions or None)
        said = repair_messages([*history, asked])  # as the loop does before each request
        async with model_request_stream(model, said, model_request_parameters=parameters) as heard:
            async for piece in heard:
                yield piece
        response = heard.get()
        used = RunUsage(requests=1)
        used.incr(response.usage)
        if response.tool_calls:
            content, history = None, [*history, asked, response]
        elif response.text and response.text.strip():
            yield _answer(response.text, [response], name=name, used=used)
            return
        else:
            _not_again(response)
    talker = _talker(model, asking.instructions, asking.tools)
    async with talker.run_stream_events(
        content, message_history=history, usage_limits=asking.limits, usage=used
    ) as events:
        async for event in events:
            if isinstance(event, AgentRunResultEvent):
                result = event.result
                yield _answer(result.output, result.new_messages(), name=name, used=result.usage)
                return
            yield event


def _not_again(response: ModelResponse) -> None:
    """Raise, as the loop does, where a response without words would come again; else it is asked for once more."""
    match response.finish_reason:
        case "length":
            raise OutputTokenLimitExceeded("the answer reached the limit of tokens before a word of it was written")
        case "content_filter":
            raise ContentFilterError("the model's server filtered the answer")


def _defined(one: Any) -> ToolDefinition:
    return (one if isinstance(one, LoopTool) else LoopTool(one)).tool_def


async def _or_nothing(events: AsyncGenerator[Any], due: Callable[[], float | None]) -> AsyncGenerator[Any]:
    """The events, and None when the moment `due` comes before the next one does.

    They happen in a task of their own: what they open and close, such as a span, is of one task.
    """
    happened: asyncio.Queue[Any] = asyncio.Queue(_AHEAD)
    left = False

    async def listen() -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    await happened.put(event)
        except BaseException as error:
            if left:
                raise
            await happened.put(_Ended(error))  # raised again to who listens, a cancellation within the events too
        else:
            await happened.put(_Ended(None))

    listening = asyncio.create_task(listen())
    try:
        while True:
            moment = due()
            try:
                async with asyncio.timeout(None if moment is None else max(moment - time.monotonic(), 0)):
                    event = await happened.get()
            except TimeoutError:
                yield None
                continue
            if not isinstance(event, _Ended):
                yield event
            elif event.error is None:
                return
            else:
                raise event.error
    finally:
        left = True
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None


def _talker(model: Model, instructions: str, tools: Sequence[Any]) -> Agent[None, str]:
    return Agent(model, instructions=instructions, tools=tools, retries=2)


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


def _answer(text: str, messages: Sequence[ModelMessage], *, name: str, used: RunUsage) -> Answer:
    """`name` is the model's where it does not say its own."""
    returned = [
        part.content
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart) and part.tool_name == SEARCH_TOOL
    ]
    named = [message.model_name for message in messages if isinstance(message, ModelResponse) and message.model_name]
    return Answer(
        text=text,
        model=named[-1] if named else name,
        usage=Usage(
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            requests=used.requests,
            tool_calls=used.tool_calls,
        ),
        sources=sources_in(returned),
    )
