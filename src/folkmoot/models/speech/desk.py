"""Transcribing and speaking, by HTTP."""

import re
from http import HTTPStatus
from typing import Any, Final

import httpx

from folkmoot.models.address import leaves_network
from folkmoot.models.speech.errors import (
    AudioTooLargeError,
    SpeechLimitedError,
    SpeechNotConfiguredError,
    SpeechRefusedError,
    SpeechUnavailableError,
    UnfitAudioError,
    UnfitTextError,
)
from folkmoot.models.speech.model import (
    FORMATS,
    LARGEST_AUDIO,
    LONGEST_TEXT,
    MEDIA_TYPES,
    SpeechSettings,
    SpeechState,
    Spoken,
    SpokenAs,
    Transcript,
    format_of,
)

OPENAI_URL: Final = "https://api.openai.com/v1"
_OPENAI_TRANSCRIBES: Final = "gpt-4o-mini-transcribe"
_OPENAI_SPEAKS: Final = "gpt-4o-mini-tts"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_VOICE: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class SpeechDesk:
    """Speech of one server; `transport` is the network's, or a test's."""

    def __init__(self, settings: SpeechSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport
        self._url = (settings.base_url or (OPENAI_URL if settings.api_key else "")).rstrip("/")
        own = self._url == OPENAI_URL
        self._transcribes = settings.transcribe_model or (_OPENAI_TRANSCRIBES if own else None)
        self._speaks = settings.speak_model or (_OPENAI_SPEAKS if own else None)

    @property
    def transcribing(self) -> SpeechState:
        return self._state(self._transcribes, "VOICE_TRANSCRIBE_MODEL")

    @property
    def speaking(self) -> SpeechState:
        return self._state(self._speaks, "VOICE_SPEAK_MODEL")

    @property
    def voice(self) -> str:
        """The voice where none is asked for."""
        return self._settings.voice

    async def transcribe(self, data: bytes, *, language: str | None = None) -> Transcript:
        """The words of a recording. Raises a `SpeechError`: `UnfitAudioError` for what is none."""
        model = self._needed(self.transcribing, "transcribed")
        if len(data) > LARGEST_AUDIO:
            raise AudioTooLargeError(f"the recording is larger than {LARGEST_AUDIO // 2**20} MiB; send it in parts")
        kind = format_of(data)
        if kind is None:
            raise UnfitAudioError(f"this is no recording that is known here; send {', '.join(FORMATS)}", field="file")
        if language is not None and not _LANGUAGE.fullmatch(language):
            raise UnfitAudioError(f"{language[:20]!r} is no language such as en or de", field="language")
        # Servers tell what it is by the name, so it gets one by its bytes, whatever it was called.
        files = {"file": (f"speech.{kind}", data)}
        form = {"model": model, "response_format": "json"} | ({"language": language} if language else {})
        answer = await self._ask("/audio/transcriptions", files=files, data=form)
        try:
            told = answer.json()
            text, seconds, spoken = told["text"], told.get("duration"), told.get("language")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SpeechUnavailableError(f"the server at {self._url} answered with no transcript") from error
        if not isinstance(text, str):
            raise SpeechUnavailableError(f"the server at {self._url} answered with no transcript")
        return Transcript(
            text=text.strip(),
            language=spoken if isinstance(spoken, str) else language,
            seconds=float(seconds) if isinstance(seconds, int | float) else None,
        )

    async def speak(self, text: str, *, voice: str | None = None, spoken_as: SpokenAs = "mp3") -> Spoken:
        """A text as audio. Raises a `SpeechError`."""
        model = self._needed(self.speaking, "spoken")
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise UnfitTextError(f"a text of 1 to {LONGEST_TEXT} characters can be spoken", field="text")
        chosen = voice or self._settings.voice
        if not _VOICE.fullmatch(chosen):
            raise UnfitTextError(f"{chosen[:60]!r} is no name of a voice", field="voice")
        body = {"model": model, "input": text, "voice": chosen, "response_format": spoken_as}
        answer = await self._ask("/audio/speech", json=body)
        said = answer.headers.get("content-type", "").partition(";")[0]
        if not answer.content or said == "application/json":
            raise SpeechUnavailableError(f"the server at {self._url} answered with no audio")
        return Spoken(data=answer.content, media_type=said if said.startswith("audio/") else MEDIA_TYPES[spoken_as])

    def _state(self, model: str | None, variable: str) -> SpeechState:
        if not self._url:
            return SpeechState(
                missing=f"not configured: set VOICE_BASE_URL to an OpenAI-compatible server, and {variable}; "
                "or VOICE_API_KEY for OpenAI's own"
            )
        if model is None:
            return SpeechState(missing=f"not configured: set {variable} to a model of the server at {self._url}")
        return SpeechState(model=model, remote=leaves_network(self._url))

    def _needed(self, state: SpeechState, what: str) -> str:
        if state.model is None:
            raise SpeechNotConfiguredError(f"nothing can be {what} here: {state.missing}")
        return state.model

    async def _ask(self, path: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._settings.api_key}"} if self._settings.api_key else {}
        try:
            async with httpx.AsyncClient(
                timeout=self._settings.timeout.total_seconds(), transport=self._transport, trust_env=False
            ) as http:
                answer = await http.post(f"{self._url}{path}", headers=headers, **request)
        except httpx.TimeoutException as error:
            raise SpeechUnavailableError(f"the server at {self._url} did not answer in time; try again") from error
        except httpx.TransportError as error:
            raise SpeechUnavailableError(f"the server at {self._url} does not answer ({error})") from error
        if answer.is_success:
            return answer
        raise _fault(answer, self._url)


def _fault(answer: httpx.Response, url: str) -> Exception:
    said = _said(answer)
    match answer.status_code:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return SpeechLimitedError(f"the server at {url} asks to wait: {said}")
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return SpeechRefusedError(f"the server at {url} refuses the key; look at VOICE_API_KEY")
        case HTTPStatus.NOT_FOUND:
            return SpeechRefusedError(f"the server at {url} has no such model or does no such thing: {said}")
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY | HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            return UnfitAudioError(f"the server at {url} cannot take it: {said}")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return AudioTooLargeError(f"the server at {url} takes no recording of this size")
        case status:
            return SpeechUnavailableError(f"the server at {url} failed ({status}): {said}")


def _said(answer: httpx.Response) -> str:
    try:
        told = answer.json()
        error = told.get("error", told)
        text = error.get("message") if isinstance(error, dict) else error
    except (ValueError, AttributeError):
        text = answer.text
    return str(text or answer.reason_phrase)[:300]
