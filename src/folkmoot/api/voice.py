"""Speech: a recording as text, a text as audio, and whether either can be had here (SPEC E8)."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from folkmoot.models.speech import SpeechState
from folkmoot.models.speech.errors import AudioTooLargeError, UnfitAudioError
from folkmoot.models.speech.model import FORMATS, LARGEST_AUDIO, LONGEST_TEXT, MEDIA_TYPES, SpokenAs
from folkmoot.web import Rooms, SignedIn, documented

router = APIRouter(prefix="/api/voice", tags=["voice"])
USE: Final = documented(401, 403, 413, 422, 429, 503)
_AUDIO: Final = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}


class DirectionShown(BaseModel):
    """Whether it can be used. `detail` says what to set; `remote`: what is sent leaves this network."""

    status: Literal["ok", "not_configured"]
    detail: str | None = None
    model: str | None = None
    remote: bool = False
    formats: list[str]


class TranscribingShown(DirectionShown):
    """Speech in."""

    max_bytes: int = LARGEST_AUDIO


class SpeakingShown(DirectionShown):
    """Speech out."""

    voice: str
    max_characters: int = LONGEST_TEXT


class VoiceShown(BaseModel):
    """What there is of speech."""

    transcribe: TranscribingShown
    speak: SpeakingShown


class Transcribed(BaseModel):
    """What was said. `language` and `duration_seconds` where the server tells them."""

    text: str
    language: str | None = None
    duration_seconds: float | None = None


class SpeakWanted(BaseModel):
    """What is to be spoken, and how."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")] = Field(
        examples=["Good morning."]
    )
    voice: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")] | None = None
    format: SpokenAs = "mp3"


@router.get("", responses=documented(401, 403))
async def voice(_principal: SignedIn, rooms: Rooms) -> VoiceShown:
    """Whether speech can be had here, and what would have to be set."""
    desk = rooms.speech
    return VoiceShown(
        transcribe=TranscribingShown(formats=list(FORMATS), **_state(desk.transcribing)),
        speak=SpeakingShown(formats=list(MEDIA_TYPES), voice=desk.voice, **_state(desk.speaking)),
    )


@router.post("/transcribe", responses=USE)
async def transcribe(
    _principal: SignedIn,
    rooms: Rooms,
    file: UploadFile,
    language: Annotated[str | None, Form(pattern=r"^[a-z]{2,3}$", examples=["en"])] = None,
) -> Transcribed:
    """A recording as text. The recording is passed on and not kept."""
    data = await file.read(LARGEST_AUDIO + 1)
    if len(data) > LARGEST_AUDIO:
        raise AudioTooLargeError(f"the recording is larger than {LARGEST_AUDIO // 2**20} MiB; send it in parts")
    if not data:
        raise UnfitAudioError("the recording is empty", field="file")
    found = await rooms.speech.transcribe(data, language=language)
    return Transcribed(text=found.text, language=found.language, duration_seconds=found.seconds)


@router.post("/speak", responses=USE | {200: {"content": _AUDIO}}, response_class=Response)
async def speak(_principal: SignedIn, rooms: Rooms, wanted: SpeakWanted) -> Response:
    """A text as audio: one that you have already, such as an answer that an agent gave you."""
    spoken = await rooms.speech.speak(wanted.text, voice=wanted.voice, spoken_as=wanted.format)
    return Response(spoken.data, media_type=spoken.media_type, headers={"Cache-Control": "no-store"})


def _state(state: SpeechState) -> dict[str, Any]:
    return {
        "status": "ok" if state.missing is None else "not_configured",
        "detail": state.missing,
        "model": state.model,
        "remote": state.remote,
    }
