"""The offline model: a model like the others to the loop, that calls the same tools and then quotes what they answer.

It needs no server, no key and no weights. A tool is called where a sentence fits one of the phrases that the tool
itself declares (`folkmoot.models.phrases`); what is left of the question is searched for. What it says is composed in
`folkmoot.models.quoting`; it makes no typed decisions, because those come from estimators.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from folkmoot.kernel import words
from folkmoot.models.errors import OfflineModelError
from folkmoot.models.knowledge import ABOUT_TOOL, SAID_LIKE, SEARCH_TOOL, sources_in
from folkmoot.models.model import Source
from folkmoot.models.phrases import Asked, Phrases, asked_for
from folkmoot.models.quoting import Told, nothing_to_search, speaks_of, subject_of, subject_words, whole_answer

SEARCHED: Final = 8  # results that are looked at; fewer are quoted


class QuotingModel(Model[None]):
    """Calls the tools that the user's sentences ask for, searches for the rest, and quotes what came of it."""

    @property
    def provider(self) -> None:
        return None

    @property
    def model_name(self) -> str:
        return "offline"

    @property
    def system(self) -> str:
        return "offline"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        return _respond(messages, parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,  # noqa: ARG002  # the base class's signature
    ) -> AsyncGenerator[StreamedResponse]:
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        yield _QuotedStream(model_request_parameters=parameters, whole=_respond(messages, parameters))


@dataclass
class _QuotedStream(StreamedResponse):
    """The response of `_respond`, a line at a time."""

    whole: ModelResponse
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        self._usage = self.whole.usage
        for index, part in enumerate(self.whole.parts):
            if isinstance(part, TextPart):
                for line in part.content.splitlines(keepends=True):
                    for event in self._parts_manager.handle_text_delta(vendor_part_id=index, content=line):
                        yield event
            elif isinstance(part, ToolCallPart):
                yield self._parts_manager.handle_tool_call_part(
                    vendor_part_id=index,
                    tool_name=part.tool_name,
                    args=part.args_as_dict(),
                    tool_call_id=part.tool_call_id,
                )

    async def close_stream(self) -> None:
        return

    @property
    def model_name(self) -> str:
        return "offline"

    @property
    def provider_name(self) -> str:
        return "offline"

    @property
    def provider_url(self) -> None:
        return None

    @property
    def timestamp(self) -> datetime:
        return self.started


def _respond(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> ModelResponse:
    if not parameters.allow_text_output:
        raise OfflineModelError("the offline model decides nothing; estimate, or set MODEL to a language model")
    question, called = _asked(messages)
    tools = {tool.name: tool for tool in parameters.function_tools}
    asked, rest = asked_for(question, {name: _phrases(tool) for name, tool in tools.items()})
    done = {part.tool_name for part in called}
    calls: list[ToolCallPart] = []
    if not called:
        question_left = bool(subject_words(rest)) or (bool(rest) and ABOUT_TOOL not in tools)
        # Whoever greets and asks wants the answer, not to be told who answers.
        calls = [
            ToolCallPart(one.tool, one.arguments) for one in asked if not (question_left and one.tool == ABOUT_TOOL)
        ]
        if question_left and SEARCH_TOOL in tools:
            calls.append(_search(rest, tools[SEARCH_TOOL]))
    found = sources_in(part.content for part in called if part.tool_name == SEARCH_TOOL)
    if ABOUT_TOOL in tools and ABOUT_TOOL not in done and not calls and not _helped(called, found, rest):
        calls = [ToolCallPart(ABOUT_TOOL, {})]
    if calls:
        return ModelResponse(parts=calls, model_name="offline", usage=_usage(question, ""))
    told = [_told(part, asked) for part in called if part.tool_name != SEARCH_TOOL]
    if SEARCH_TOOL in done or told:
        text = whole_answer(rest, found, told=told, searched=SEARCH_TOOL in done)
    else:
        text = nothing_to_search(question)
    return ModelResponse(parts=[TextPart(text)], model_name="offline", usage=_usage(question, text))


def _search(question: str, tool: ToolDefinition) -> ToolCallPart:
    # Among few texts even "how" and "do" are rare enough to mislead: the subject alone is looked for.
    arguments: dict[str, Any] = {"query": subject_of(question) or question}
    if "limit" in tool.parameters_json_schema.get("properties", {}):
        arguments["limit"] = SEARCHED
    return ToolCallPart(tool.name, arguments)


def _helped(called: Sequence[ToolReturnPart], found: Sequence[Source], rest: str) -> bool:
    """Whether what was called gives an answer: a tool did, or what was found speaks of the question."""
    return any(part.tool_name != SEARCH_TOOL for part in called) or speaks_of(found, rest)


def _phrases(tool: ToolDefinition) -> Phrases:
    return Phrases(phrases=(tool.metadata or {}).get(SAID_LIKE, ()), schema=tool.parameters_json_schema)


def _told(part: ToolReturnPart, asked: Sequence[Asked]) -> Told:
    said = [one.sentence for one in asked if one.tool == part.tool_name]
    # Two sentences may ask for the same tool: then each answer says enough by itself.
    return Told(tool=part.tool_name, sentence=said[0] if len(said) == 1 else "", result=part.content)


def _asked(messages: Sequence[ModelMessage]) -> tuple[str, list[ToolReturnPart]]:
    """The last question, and what the calls that it led to answered, in order."""
    called: list[ToolReturnPart] = []
    for message in reversed(messages):
        for part in reversed(message.parts) if isinstance(message, ModelRequest) else ():
            if isinstance(part, ToolReturnPart):
                called.insert(0, part)
            elif isinstance(part, UserPromptPart):
                return part.content if isinstance(part.content, str) else _texts(part.content), called
    return "", called


def _texts(content: Sequence[Any]) -> str:
    return "\n".join(piece for piece in content if isinstance(piece, str))


def _usage(question: str, text: str) -> RequestUsage:
    return RequestUsage(input_tokens=len(words(question)), output_tokens=len(words(text)))
