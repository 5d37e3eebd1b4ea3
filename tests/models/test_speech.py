"""Speech by a server over HTTP: what it is asked, what is made of its answers, and what is said where there is none."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from folkmoot.assembly.settings import load_settings
from folkmoot.assembly.speech import speech_desk
from folkmoot.models.speech import SpeechDesk, SpeechError, SpeechSettings
from folkmoot.models.speech.errors import (
    AudioTooLargeError,
    SpeechLimitedError,
    SpeechNotConfiguredError,
    SpeechRefusedError,
    SpeechUnavailableError,
    UnfitAudioError,
    UnfitTextError,
)
from folkmoot.models.speech.model import LARGEST_AUDIO, format_of
from tests.stub_speech import WAV, StubSpeech, stub_speech


@pytest.fixture
def stub() -> Iterator[StubSpeech]:
    with stub_speech() as running:
        yield running


def desk(stub: StubSpeech, **changes: Any) -> SpeechDesk:
    wanted = {"base_url": stub.url, "api_key": "a-key", "transcribe_model": "whisper", "speak_model": "kokoro"}
    return SpeechDesk(SpeechSettings(**{**wanted, **changes}))


async def test_a_recording_becomes_text(stub: StubSpeech) -> None:
    found = await desk(stub).transcribe(WAV, language="en")
    assert (found.text, found.language, found.seconds) == ("Good morning.", "en", 1.5)
    [asked] = stub.asked
    assert (asked["name"], asked["data"], asked["model"], asked["language"]) == ("speech.wav", WAV, "whisper", "en")
    assert asked["key"] == "Bearer a-key"


async def test_a_text_becomes_audio(stub: StubSpeech) -> None:
    spoken = await desk(stub, voice="nova").speak("Good morning.", spoken_as="opus")
    assert (spoken.data, spoken.media_type) == (b"ID3-audio", "audio/mpeg")
    asked = {"model": "kokoro", "input": "Good morning.", "voice": "nova", "response_format": "opus"}
    assert stub.asked == [asked | {"key": "Bearer a-key"}]


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (WAV, "wav"),
        (b"ID3\x04" + b"\x00" * 20, "mp3"),
        (b"\xff\xfb\x90\x00" + b"\x00" * 20, "mp3"),
        (b"OggS" + b"\x00" * 20, "ogg"),
        (b"fLaC" + b"\x00" * 20, "flac"),
        (b"\x1aE\xdf\xa3" + b"\x00" * 20, "webm"),
        (b"\x00\x00\x00\x20ftypM4A " + b"\x00" * 20, "m4a"),
        (b"RIFF\x24\x00\x00\x00AVI fmt ", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_what_a_recording_is_is_told_from_its_bytes(start: bytes, kind: str | None) -> None:
    assert format_of(start) == kind


@pytest.mark.parametrize(
    ("data", "fault"),
    [(b"%PDF-1.7", UnfitAudioError), (b"", UnfitAudioError), (b"RIFF" + bytes(LARGEST_AUDIO), AudioTooLargeError)],
)
async def test_what_is_no_recording_goes_nowhere(stub: StubSpeech, data: bytes, fault: type[SpeechError]) -> None:
    with pytest.raises(fault):
        await desk(stub).transcribe(data)
    assert stub.asked == []


@pytest.mark.parametrize(("text", "voice"), [(" ", None), ("x" * 4097, None), ("Hello.", "a voice/../x")])
async def test_what_cannot_be_spoken_goes_nowhere(stub: StubSpeech, text: str, voice: str | None) -> None:
    with pytest.raises(UnfitTextError):
        await desk(stub).speak(text, voice=voice)
    assert stub.asked == []


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, UnfitAudioError),
        (401, SpeechRefusedError),
        (404, SpeechRefusedError),
        (413, AudioTooLargeError),
        (429, SpeechLimitedError),
        (500, SpeechUnavailableError),
    ],
)
async def test_each_refusal_of_the_server_has_its_own_fault(
    stub: StubSpeech, status: int, fault: type[SpeechError]
) -> None:
    stub.status = status
    with pytest.raises(fault) as failed:
        await desk(stub).transcribe(WAV)
    assert type(failed.value) is fault
    assert "a-key" not in failed.value.message


@pytest.mark.parametrize("transcript", [{"words": []}, {"text": None}, ["text"], "text"])
async def test_an_answer_that_is_no_transcript_is_a_fault_of_the_server(stub: StubSpeech, transcript: Any) -> None:
    stub.transcript = transcript
    with pytest.raises(SpeechUnavailableError):
        await desk(stub).transcribe(WAV)


async def test_a_server_that_is_not_there_is_named() -> None:
    nowhere = SpeechDesk(
        SpeechSettings(base_url="http://127.0.0.1:9/v1", speak_model="kokoro", timeout=timedelta(seconds=2))
    )
    with pytest.raises(SpeechUnavailableError, match=r"127\.0\.0\.1:9"):
        await nowhere.speak("Hello.")


@pytest.mark.parametrize(
    ("given", "transcribes", "speaks"),
    [
        ({}, None, None),
        ({"VOICE_BASE_URL": "http://box:1/v1", "VOICE_SPEAK_MODEL": "kokoro"}, None, "kokoro"),
        ({"OPENAI_BASE_URL": "http://box:1/v1", "VOICE_TRANSCRIBE_MODEL": "whisper"}, "whisper", None),
        ({"OPENAI_API_KEY": "sk-1"}, "gpt-4o-mini-transcribe", "gpt-4o-mini-tts"),
        ({"VOICE_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://box:1/v1"}, "gpt-4o-mini-transcribe", "gpt-4o-mini-tts"),
    ],
)
async def test_what_is_not_set_is_said(given: dict[str, str], transcribes: str | None, speaks: str | None) -> None:
    made = speech_desk(load_settings(given, env_file=None))
    for state, model, variable in (
        (made.transcribing, transcribes, "VOICE_TRANSCRIBE_MODEL"),
        (made.speaking, speaks, "VOICE_SPEAK_MODEL"),
    ):
        assert state.model == model
        assert (variable in (state.missing or "")) is (model is None)
    if transcribes is None:
        with pytest.raises(SpeechNotConfiguredError, match="VOICE_TRANSCRIBE_MODEL"):
            await made.transcribe(WAV)


async def test_a_key_goes_to_the_server_that_it_was_set_for(stub: StubSpeech) -> None:
    own = {"VOICE_BASE_URL": stub.url, "VOICE_TRANSCRIBE_MODEL": "whisper", "OPENAI_API_KEY": "sk-of-openai"}
    await speech_desk(load_settings(own, env_file=None)).transcribe(WAV)
    await speech_desk(load_settings(own | {"OPENAI_BASE_URL": stub.url}, env_file=None)).transcribe(WAV)
    await speech_desk(load_settings(own | {"VOICE_API_KEY": "sk-of-voice"}, env_file=None)).transcribe(WAV)
    assert [one["key"] for one in stub.asked] == [None, "Bearer sk-of-openai", "Bearer sk-of-voice"]


def test_whether_a_recording_leaves_this_network_is_known() -> None:
    near = speech_desk(
        load_settings({"VOICE_BASE_URL": "http://127.0.0.1:1/v1", "VOICE_SPEAK_MODEL": "a"}, env_file=None)
    )
    far = speech_desk(load_settings({"OPENAI_API_KEY": "sk-1"}, env_file=None))
    assert (near.speaking.remote, far.speaking.remote) == (False, True)
