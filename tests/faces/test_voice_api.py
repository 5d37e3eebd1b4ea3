"""Speech over REST: said plainly where there is none, passed on within limits where there is."""

from collections.abc import Iterator

import httpx
import pytest

from tests.faces.accounts import account
from tests.serving import Served, serve
from tests.stub_speech import WAV, StubSpeech, stub_speech


@pytest.fixture(scope="module")
def speech() -> Iterator[StubSpeech]:
    with stub_speech() as stub:
        yield stub


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory, speech: StubSpeech) -> Iterator[Served]:
    served = serve(
        tmp_path_factory.mktemp("voice") / "home",
        VOICE_BASE_URL=speech.url,
        VOICE_TRANSCRIBE_MODEL="whisper",
        VOICE_SPEAK_MODEL="kokoro",
    )
    yield served
    served.stop()


def test_without_settings_it_is_said_what_to_set(api: httpx.Client) -> None:
    told = api.get("/api/voice").json()
    assert told["transcribe"]["status"] == told["speak"]["status"] == "not_configured"
    for answer in (
        api.post("/api/voice/transcribe", files={"file": ("a.wav", WAV)}),
        api.post("/api/voice/speak", json={"text": "Hello."}),
    ):
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/voice.not_configured"
        assert "VOICE_BASE_URL" in answer.json()["detail"]


def test_a_recording_becomes_text_and_a_text_audio(speaking: Served) -> None:
    with speaking.client() as api:
        told = api.get("/api/voice").json()
        assert (told["transcribe"]["status"], told["transcribe"]["model"]) == ("ok", "whisper")
        assert (told["speak"]["status"], told["speak"]["remote"]) == ("ok", False)
        heard = api.post("/api/voice/transcribe", files={"file": ("a.wav", WAV)}, data={"language": "en"})
        assert heard.json() == {"text": "Good morning.", "language": "en", "duration_seconds": 1.5}
        spoken = api.post("/api/voice/speak", json={"text": "Good morning."})
        assert (spoken.content, spoken.headers["content-type"]) == (b"ID3-audio", "audio/mpeg")


def test_wrong_and_too_large_recordings_are_refused(speaking: Served, speech: StubSpeech) -> None:
    before = len(speech.asked)
    with speaking.client() as api:
        for data, status in ((b"%PDF-1.7", 422), (b"", 422), (WAV + bytes(25 * 1024 * 1024), 413), (bytes(2**25), 413)):
            answer = api.post("/api/voice/transcribe", files={"file": ("a.wav", data)})
            assert answer.status_code == status, answer.text
        assert api.post("/api/voice/transcribe", data={"language": "en"}).status_code == 422
        assert api.post("/api/voice/speak", json={"text": "x" * 4097}).status_code == 422
        assert api.post("/api/voice/speak", json={"text": "x", "format": "exe"}).status_code == 422
    assert len(speech.asked) == before


def test_a_viewer_sees_what_there_is_and_uses_nothing(speaking: Served) -> None:
    with account(speaking, role="viewer") as viewer:
        assert viewer.client.get("/api/voice").status_code == 200
        assert viewer.client.post("/api/voice/speak", json={"text": "Hello."}).status_code == 403
