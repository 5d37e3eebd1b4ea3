"""A request for a completion: what of it is taken, and what is refused by name.

What would change who answers or with what, and cannot be had here, is refused. What only tunes a model (temperature and
the like) is the agent's own business, and is passed over.
"""

import base64
import binascii
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from folkmoot.conversations import Before, Upload
from folkmoot.conversations.model import LONGEST
from folkmoot.interop.openai.errors import TooLongError, UnreadableError, UnsupportedError
from folkmoot.memory.conversation import Said

MOST_STOPS: Final = 4
LONGEST_STOP: Final = 500
LONGEST_INSTRUCTIONS: Final = 20_000
MOST_MESSAGES: Final = 5_000
_STANDING: Final = ("system", "developer")
Stop = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_STOP)]


class MessageWanted(BaseModel):
    """One message of the conversation. `content` is text, or parts of type `text`, `image_url` or `file`."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None


class StreamOptions(BaseModel):
    """`include_usage`: a last chunk says what the answer used."""

    model_config = ConfigDict(extra="ignore")
    include_usage: bool | None = None


class CompletionWanted(BaseModel):
    """What OpenAI's clients send. `model` is `auto` or `agent:<id>`; further fields are passed over."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(min_length=1, max_length=300, examples=["auto"])
    messages: list[MessageWanted] = Field(
        min_length=1, max_length=MOST_MESSAGES, examples=[[{"role": "user", "content": "Hello!"}]]
    )
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=MOST_STOPS)] | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    n: int | None = Field(default=None, ge=1)
    user: str | None = Field(default=None, min_length=1, max_length=200)
    tools: list[Any] | None = Field(default=None, description="refused: agents have tools of their own")
    tool_choice: Any = None
    functions: list[Any] | None = Field(default=None, description="refused, as `tools`")
    function_call: Any = None
    response_format: dict[str, Any] | None = Field(default=None, description="`text` alone")
    modalities: list[str] | None = Field(default=None, description="`text` alone")
    logprobs: bool | None = None
    top_logprobs: int | None = None
    audio: dict[str, Any] | None = None
    web_search_options: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it is answered: the turn, what was said before it, and where the answer ends."""

    text: str
    uploads: tuple[Upload, ...]
    before: Before
    stops: tuple[str, ...]
    most: int | None
    with_usage: bool


def asked(wanted: CompletionWanted) -> Asked:
    """Raises `UnsupportedError`, `UnreadableError`, `TooLongError`, each with the field it is about."""
    _refuse(wanted)
    *earlier, last = [(place, one) for place, one in enumerate(wanted.messages) if one.role not in _STANDING] or [
        (0, wanted.messages[0])
    ]
    place, turn = last
    if turn.role != "user":
        raise UnreadableError(
            "the last message must be the user's: it is what the agent answers", field=f"messages.{place}"
        )
    text = _text(turn, place)
    if len(text) > LONGEST:
        raise TooLongError(
            f"the last message has {len(text)} characters, more than {LONGEST}; shorten it, or send it as a file part",
            field=f"messages.{place}.content",
        )
    stops = [wanted.stop] if isinstance(wanted.stop, str) else wanted.stop or []
    return Asked(
        text=text,
        uploads=tuple(_uploads(turn, place)),
        before=Before(turns=tuple(_turns(earlier)), instructions=_instructions(wanted.messages)),
        stops=tuple(stops),
        most=wanted.max_completion_tokens or wanted.max_tokens,
        with_usage=bool(wanted.stream_options and wanted.stream_options.include_usage),
    )


def _refuse(wanted: CompletionWanted) -> None:
    kind = (wanted.response_format or {}).get("type", "text")
    refused = {
        "n": (wanted.n or 1) > 1 and "there is one answer to a turn; leave n out",
        "tools": wanted.tools and "an agent uses the tools that the workplace gives it; leave tools out",
        "functions": wanted.functions and "an agent uses the tools that the workplace gives it; leave functions out",
        "tool_choice": wanted.tool_choice not in (None, "none", "auto") and "no tools of yours are used; leave it out",
        "function_call": wanted.function_call not in (None, "none", "auto") and "no functions of yours are used",
        "response_format": kind != "text" and f"agents answer in words, not as {str(kind)[:40]!r}; leave it out",
        "modalities": wanted.modalities not in (None, ["text"]) and "agents answer in text alone; leave modalities out",
        "audio": wanted.audio is not None and "agents answer in text; see POST /api/voice/speak for speech",
        "logprobs": (wanted.logprobs or wanted.top_logprobs) and "agents give no probabilities of tokens",
        "web_search_options": wanted.web_search_options is not None and "an agent searches what it may; leave it out",
    }
    for field, why in refused.items():
        if why:
            raise UnsupportedError(f"'{field}' is not supported as it was given: {why}", field=field)
    if wanted.stream_options is not None and not wanted.stream:
        raise UnreadableError("stream_options are for streams: set stream, or leave them out", field="stream_options")


def _instructions(messages: Sequence[MessageWanted]) -> str:
    standing = [_text(one, place) for place, one in enumerate(messages) if one.role in _STANDING]
    text = "\n\n".join(part for part in standing if part.strip())
    if len(text) > LONGEST_INSTRUCTIONS:
        raise TooLongError(
            f"the system messages have {len(text)} characters, more than {LONGEST_INSTRUCTIONS}", field="messages"
        )
    return text


def _turns(earlier: Sequence[tuple[int, MessageWanted]]) -> Iterator[Said]:
    for place, one in earlier:
        if one.role in ("tool", "function"):
            raise UnsupportedError(
                "results of a client's tools are not taken: agents use tools of their own",
                field=f"messages.{place}.role",
            )
        text = _text(one, place)
        if text.strip():
            yield Said("user" if one.role == "user" else "agent", text)


def _text(one: MessageWanted, place: int) -> str:
    if one.content is None or isinstance(one.content, str):
        text = one.content or ""
    else:
        parts = [_part(part, f"messages.{place}.content.{at}") for at, part in enumerate(one.content)]
        text = "\n".join(part for part in parts if part)
    if "\x00" in text:
        raise UnreadableError("the message holds a NUL character; leave it out", field=f"messages.{place}.content")
    return text


def _part(part: dict[str, Any], field: str) -> str:
    kind = part.get("type")
    if kind in ("text", "refusal", "input_text"):
        text = part.get("text" if kind != "refusal" else "refusal")
        if not isinstance(text, str):
            raise UnreadableError("a text part has its words in 'text'", field=f"{field}.text")
        return text
    if kind in ("image_url", "file"):
        return ""
    raise UnsupportedError(f"parts of type {str(kind)[:40]!r} are not taken; text, image_url and file are", field=field)


def _uploads(turn: MessageWanted, place: int) -> Iterator[Upload]:
    for at, part in enumerate(turn.content if isinstance(turn.content, list) else ()):
        field = f"messages.{place}.content.{at}"
        inner = part.get(str(part.get("type")))
        if part.get("type") == "image_url":
            url = inner.get("url") if isinstance(inner, dict) else inner
            media_type, data = _data_url(url, f"{field}.image_url.url")
            if not media_type.startswith("image/"):
                raise UnreadableError(f"this is no image but {media_type[:60]!r}", field=f"{field}.image_url.url")
            yield Upload(name=f"image-{at + 1}{_suffix(media_type)}", media_type=media_type, data=data)
        elif part.get("type") == "file":
            given = inner if isinstance(inner, dict) else {}
            media_type, data = _data_url(given.get("file_data"), f"{field}.file.file_data")
            name = given.get("filename")
            usual = f"file-{at + 1}{_suffix(media_type)}"
            yield Upload(name=name if isinstance(name, str) and name else usual, media_type=media_type, data=data)


def _data_url(url: Any, field: str) -> tuple[str, bytes]:
    if not isinstance(url, str) or not url.startswith("data:"):
        raise UnsupportedError(
            "nothing is fetched from addresses here; send the bytes as a URL of the form data:image/png;base64,…",
            field=field,
        )
    head, comma, encoded = url.removeprefix("data:").partition(",")
    media_type, *options = head.split(";")
    if not comma or "base64" not in options:
        raise UnreadableError("a data: URL is written data:<type>;base64,<bytes>", field=field)
    try:
        return media_type.strip().lower() or "text/plain", base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableError(f"the bytes are not base64: {error}", field=field) from error


def _suffix(media_type: str) -> str:
    return mimetypes.guess_extension(media_type) or ""
