"""The nouns of speech, and what a recording is, told from its first bytes. Pure."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

LARGEST_AUDIO: Final = 25 * 1024 * 1024
LONGEST_TEXT: Final = 4_096
SpokenAs = Literal["mp3", "opus", "aac", "flac", "wav"]
MEDIA_TYPES: Final[dict[SpokenAs, str]] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
FORMATS: Final = ("wav", "mp3", "ogg", "flac", "webm", "m4a")
_MPEG: Final = 0xFF
_FRAME_SYNC: Final = 0xE0


@dataclass(frozen=True, kw_only=True)
class SpeechSettings:
    """Where speech is made. `transcribe_model` and `speak_model`: None is the default of OpenAI, and of nobody else."""

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    transcribe_model: str | None = None
    speak_model: str | None = None
    voice: str = "alloy"
    timeout: timedelta = timedelta(seconds=120)


@dataclass(frozen=True, kw_only=True)
class SpeechState:
    """Whether one direction can be used: `missing` says what to set, `remote` whether it leaves this network."""

    model: str | None = None
    missing: str | None = None
    remote: bool = False


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """What was said. `language` and `seconds` where the server tells them."""

    text: str
    language: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Audio."""

    data: bytes = field(repr=False)
    media_type: str


def format_of(data: bytes) -> str | None:
    """One of `FORMATS`, or None for what is no recording that is known."""
    mpeg = len(data) > 1 and data[0] == _MPEG and data[1] & _FRAME_SYNC == _FRAME_SYNC
    signs = {
        "wav": data[:4] == b"RIFF" and data[8:12] == b"WAVE",
        "mp3": data[:3] == b"ID3" or mpeg,
        "ogg": data[:4] == b"OggS",
        "flac": data[:4] == b"fLaC",
        "webm": data[:4] == b"\x1aE\xdf\xa3",
        "m4a": data[4:8] == b"ftyp",
    }
    return next((kind for kind, is_it in signs.items() if is_it), None)
