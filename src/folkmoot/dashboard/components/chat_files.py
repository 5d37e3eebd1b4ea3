"""Files in a conversation: which can be handed in, and how they are shown."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from folkmoot.dashboard.components.dom import button, icon, pressed, tag

_KIBIBYTE: Final = 1024
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def media_type_of(name: str, told: str, data: bytes) -> str | None:
    """What a file is, by its content where that can be seen; None for one that no agent can make anything of."""
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if told.startswith("image/"):
        return told
    if Path(name).suffix.casefold() == ".docx" and data.startswith(b"PK"):
        return _DOCX
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if "\x00" in text:
        return None
    return told if told.startswith("text/") else "text/plain"


def size(number: int) -> str:
    """A number of bytes as people say it."""
    if number < _KIBIBYTE:
        return f"{number} bytes"
    if number < _KIBIBYTE**2:
        return f"{number / _KIBIBYTE:.0f} KiB"
    return f"{number / _KIBIBYTE**2:.1f} MiB"


def handed_in(files: Iterable[Mapping[str, Any]], save: Callable[[str], Awaitable[None]]) -> None:
    """What came with a message; each is a button that saves it by `save(attachment_id)`."""
    with tag("div", css="files"):
        for one in files:
            name = str(one.get("name"))
            element = tag("button", css="file", type="button", aria_label=f"Save {name}")
            pressed(element, partial(save, str(one.get("id"))))
            with element:
                _face(name, str(one.get("media_type")), int(one.get("size") or 0))


def waiting(name: str, media_type: str, length: int, remove: Callable[[], None]) -> None:
    """A file that goes with the next message, and a button that takes it away."""
    with tag("span", css="file"):
        _face(name, media_type, length)
        button("", remove, sign="cross", kind="quiet square", aria_label=f"Do not attach {name}")


def _face(name: str, media_type: str, length: int) -> None:
    icon("image" if media_type.startswith("image/") else "file", "s")
    tag("span", name, css="clip")
    tag("span", size(length), css="faint nums").style("white-space:nowrap")
