"""How many tokens a request has, measured from its texts: from above before it is sent, about when nobody says.

No tokenizer is asked: each model has another, and most are a download. A token of ordinary text is three to four bytes
of ASCII, and rarely fewer than two; of other scripts, a token is at least a byte. Imported late, as the loop is.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse
from pydantic_ai.models import ModelRequestParameters

_FRAME: Final = 12  # tokens around a message or a tool
_ATTACHMENT: Final = 3_000  # tokens of an image, at the most that providers take for one


def bound(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> int:
    """More tokens than a request of ordinary text has."""
    texts = list(_texts(messages, parameters))
    frames = _FRAME * (1 + sum(1 + len(one.parts) for one in messages) + len(parameters.function_tools))
    return frames + _at_most(texts) + _ATTACHMENT * sum(_attachments(messages))


def about(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> int:
    """About as many tokens as a request has."""
    return guessed(_texts(messages, parameters)) + _ATTACHMENT // 3 * sum(_attachments(messages))


def said(response: ModelResponse) -> int:
    """About as many tokens as an answer has so far."""
    return guessed(_of_part(part) for part in response.parts)


def guessed(texts: Iterable[str]) -> int:
    """About as many tokens as texts have."""
    return math.ceil(sum(len(text.encode("utf-8", "replace")) for text in texts) / 4)


def _at_most(texts: Iterable[str]) -> int:
    ascii_, other = 0, 0
    for text in texts:
        whole = len(text.encode("utf-8", "replace"))
        narrow = len(text.encode("ascii", "ignore"))
        ascii_, other = ascii_ + narrow, other + whole - narrow
    return math.ceil(ascii_ / 2) + other


def _texts(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> Iterator[str]:
    told = ""
    for message in messages:
        if isinstance(message, ModelRequest):
            told = message.instructions or told  # the last one's are sent, once
        for part in message.parts:
            yield _of_part(part)
    yield told
    for tool in (*parameters.function_tools, *parameters.output_tools):
        yield f"{tool.name} {tool.description or ''} {json.dumps(tool.parameters_json_schema)}"
    if parameters.output_object is not None:
        yield json.dumps(parameters.output_object.json_schema)


def _of_part(part: Any) -> str:
    if hasattr(part, "args_as_json_str"):
        return f"{part.tool_name} {part.args_as_json_str()}"
    if hasattr(part, "model_response_str"):
        return f"{part.tool_name} {part.model_response_str()}"
    if hasattr(part, "model_response"):
        return str(part.model_response())
    content = getattr(part, "content", "")
    if isinstance(content, str):
        return content
    return "\n".join(one for one in content if isinstance(one, str)) if isinstance(content, Sequence) else ""


def _attachments(messages: Sequence[ModelMessage]) -> Iterator[int]:
    for message in messages:
        for part in message.parts:
            content = getattr(part, "content", "")
            if isinstance(content, Sequence) and not isinstance(content, str):
                yield sum(1 for one in content if not isinstance(one, str))
