"""The offline model: a model like the others to the loop, that searches by the same tool and then quotes what it got.

It needs no server, no key and no weights. What it says is composed in `folkmoot.models.quoting`; it makes no typed
decisions, because those come from estimators.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

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
from pydantic_ai.usage import RequestUsage

from folkmoot.kernel import words
from folkmoot.models.attached import names_of
from folkmoot.models.errors import OfflineModelError
from folkmoot.models.knowledge import SEARCH_TOOL, sources_in
from folkmoot.models.quoting import not_looked_at, nothing_to_search, quoted_answer


class QuotingModel(Model[None]):
    """Calls `search_knowledge` with the user's words, then quotes the results with their sources."""

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
    question, found, unseen = _asked(messages)
    can_search = any(tool.name == SEARCH_TOOL for tool in parameters.function_tools)
    if found is not None:
        text = quoted_answer(question, sources_in(found))
    elif can_search and question.strip():
        call = ToolCallPart(SEARCH_TOOL, {"query": question})
        return ModelResponse(parts=[call], model_name="offline", usage=_usage(question, ""))
    else:
        text = nothing_to_search()
    if unseen:
        text = f"{text}\n{not_looked_at(unseen)}"
    return ModelResponse(parts=[TextPart(text)], model_name="offline", usage=_usage(question, text))


def _asked(messages: Sequence[ModelMessage]) -> tuple[str, list[Any] | None, list[str]]:
    """The last question, what searching for it returned (None if it was not searched for yet), and images with it."""
    found: list[Any] = []
    searched = False
    for message in reversed(messages):
        for part in reversed(message.parts) if isinstance(message, ModelRequest) else ():
            if isinstance(part, ToolReturnPart) and part.tool_name == SEARCH_TOOL:
                searched = True
                found.append(part.content)
            elif isinstance(part, UserPromptPart):
                return _words_of(part.content), found if searched else None, names_of(part.content)
    return "", found if searched else None, []


def _words_of(content: str | Sequence[Any]) -> str:
    """What was asked; the texts of files stand after it."""
    return content if isinstance(content, str) else next((one for one in content if isinstance(one, str)), "")


def _usage(question: str, text: str) -> RequestUsage:
    return RequestUsage(input_tokens=len(words(question)), output_tokens=len(words(text)))
