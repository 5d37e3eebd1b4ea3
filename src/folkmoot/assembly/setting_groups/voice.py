"""Settings: speech in and out."""

import re

from pydantic import BaseModel, Field, SecretStr, field_validator


class VoiceSettings(BaseModel):
    """Settings: speech in and out."""

    voice_base_url: str | None = Field(
        default=None,
        description="Base URL of an OpenAI-compatible server for speech; without it OPENAI_BASE_URL, or OpenAI's own "
        "where there is a key",
        examples=["http://127.0.0.1:8001/v1"],
    )
    voice_api_key: SecretStr | None = Field(
        default=None,
        description="Key of that server; without it OPENAI_API_KEY, unless VOICE_BASE_URL names another server",
        examples=["sk-..."],
    )
    voice_transcribe_model: str | None = Field(
        default=None,
        description="Model that transcribes; needed where the server is not OpenAI's",
        examples=["whisper-large-v3"],
    )
    voice_speak_model: str | None = Field(
        default=None, description="Model that speaks; needed where the server is not OpenAI's", examples=["kokoro"]
    )
    voice_name: str = Field(
        default="alloy",
        min_length=1,
        max_length=100,
        description="The voice where a request names none",
        examples=["alloy"],
    )

    @field_validator("voice_base_url")
    @classmethod
    def _speech_server(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError("it is not an address that begins with http:// or https://")
        return value
