"""Files that go along with a question, as models take them: images as they are, texts under their names.

Imported late, as the loop is. A file is judged by its first bytes and not by what it says it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pydantic_ai.messages import BinaryContent, ModelMessage, ModelRequest, UserContent, UserPromptPart

from folkmoot.kernel import excerpt
from folkmoot.models.errors import AttachmentInvalidError, AttachmentTooLargeError
from folkmoot.models.model import Attachment

LARGEST_IMAGE: Final = 5_000_000  # bytes: the least of what the providers take
MOST: Final = 10  # files of one question
LONGEST_TEXT: Final = 40_000  # characters of one file; what is beyond is left out, and that is said
LONGEST_TEXTS: Final = 120_000  # characters of all files of one question
_IMAGES: Final = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
_TEXTS: Final = frozenset(
    f"application/{kind}"
    for kind in ("json", "ld+json", "x-ndjson", "xml", "yaml", "x-yaml", "toml", "javascript", "sql")
)


def prompt_with(prompt: str, attachments: Sequence[Attachment]) -> str | list[UserContent]:
    """The question, then its files. Raises `AttachmentInvalidError` or `AttachmentTooLargeError`."""
    if not attachments:
        return prompt
    if len(attachments) > MOST:
        raise AttachmentTooLargeError(f"{len(attachments)} files are attached; {MOST} are taken", most=MOST)
    content: list[UserContent] = [prompt]
    left = LONGEST_TEXTS
    for one in attachments:
        name = excerpt(one.name, 120) or "unnamed"
        kind = one.media_type.partition(";")[0].strip().casefold()
        if kind.startswith("image/"):
            content.append(_image(one, name, kind))
        elif kind.startswith("text/") or kind in _TEXTS:
            text = _text(one, name)
            shown = text[: min(LONGEST_TEXT, left)]
            left -= len(shown)
            cut = f"\n(The first {len(shown)} of {len(text)} characters.)" if len(shown) < len(text) else ""
            content.append(f"Attached file {name!r} ({kind}):\n{shown}{cut}\n(End of the file.)")
        else:
            raise AttachmentInvalidError(
                f"'{name}' is {kind or 'of no type'}; models are given images ({', '.join(_IMAGES)}) and text",
                name=name,
            )
    return content


def without_images(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """The same messages with a note in each image's place, for a model that sees none."""
    return [
        replace(message, parts=[_told(part) if isinstance(part, UserPromptPart) else part for part in message.parts])
        if isinstance(message, ModelRequest)
        else message
        for message in messages
    ]


def names_of(content: Sequence[UserContent] | str) -> list[str]:
    """The names of the images in a question."""
    return [] if isinstance(content, str) else [one.identifier for one in content if isinstance(one, BinaryContent)]


def _told(part: UserPromptPart) -> UserPromptPart:
    if not names_of(part.content):
        return part
    told: list[UserContent] = [
        f"(The image {one.identifier!r} is attached here, and you cannot see images: say so if it matters.)"
        if isinstance(one, BinaryContent)
        else one
        for one in part.content
    ]
    return replace(part, content=told)


def _image(one: Attachment, name: str, kind: str) -> BinaryContent:
    kind = "image/jpeg" if kind == "image/jpg" else kind
    beginnings = _IMAGES.get(kind)
    if beginnings is None:
        raise AttachmentInvalidError(f"'{name}' is {kind}; models are given {', '.join(_IMAGES)}", name=name)
    if len(one.data) > LARGEST_IMAGE:
        raise AttachmentTooLargeError(
            f"'{name}' has {len(one.data):,} bytes, more than {LARGEST_IMAGE:,}; make the image smaller", name=name
        )
    if not one.data.startswith(beginnings):
        raise AttachmentInvalidError(f"'{name}' says that it is {kind}, and its bytes are not", name=name)
    return BinaryContent(data=one.data, media_type=kind, identifier=name)


def _text(one: Attachment, name: str) -> str:
    try:
        return one.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AttachmentInvalidError(f"'{name}' is no text in UTF-8", name=name) from None
