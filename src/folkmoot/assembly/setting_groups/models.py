"""Settings: which language models there are, and how they are asked."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel, Field, SecretStr, field_validator

PROVIDERS: Final = ("openai", "anthropic", "google", "ollama")
_MOST: Final = 1_000_000


class ModelsSettings(BaseModel):
    """Settings: which language models there are, and how they are asked."""

    model: str = Field(
        default="auto",
        description="provider:name, `offline`, or `auto`: the first there is. Several with commas are a chain: each is "
        "asked when those before it cannot answer",
        examples=["openai:gpt-5-mini, ollama:llama3.2, offline"],
    )
    openai_api_key: SecretStr | None = Field(
        default=None, description="Key of an OpenAI-compatible service", examples=["sk-..."]
    )
    openai_model: str | None = Field(
        default=None, description="Model of that service; without it the service's own default", examples=["gpt-5-mini"]
    )
    openai_base_url: str | None = Field(
        default=None, description="Base URL of another OpenAI-compatible server", examples=["http://127.0.0.1:9000/v1"]
    )
    ollama_host: str = Field(
        default="http://127.0.0.1:11434", description="Where Ollama listens", examples=["http://127.0.0.1:11434"]
    )
    anthropic_api_key: SecretStr | None = Field(
        default=None, description="Key of Anthropic; needs the extra `anthropic`", examples=["sk-ant-..."]
    )
    anthropic_base_url: str | None = Field(
        default=None, description="A gateway that speaks as Anthropic does", examples=["https://gateway.example"]
    )
    google_api_key: SecretStr | None = Field(
        default=None, description="Key of Google's Gemini API; needs the extra `google`", examples=["AIza..."]
    )
    google_base_url: str | None = Field(
        default=None, description="A gateway that speaks as the Gemini API does", examples=["https://gateway.example"]
    )
    text_only_models: str = Field(
        default="",
        description="Models that see no images, separated by commas; they are told of an image instead",
        examples=["openai:qwen3-8b"],
    )
    model_timeout: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds for one answer of a model that is not streamed, its tool calls and repetitions included",
        examples=["60"],
    )
    model_first_token_timeout: float = Field(
        default=45.0, gt=0, le=3600, description="Seconds until a stream's first token", examples=["45"]
    )
    model_next_token_timeout: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds between two tokens of a stream", examples=["30"]
    )
    model_retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="How often a request that failed for a passing reason is sent again to the same model",
        examples=["2"],
    )
    model_requests_per_minute: str = Field(
        default="",
        description="Requests to a provider in a minute, by each process: a number for every one, or provider=number",
        examples=["openai=500, ollama=30"],
    )
    model_requests_at_once: str = Field(
        default="",
        description="Requests to a provider on their way at once, likewise",
        examples=["ollama=2"],
    )
    model_limit_wait: float = Field(
        default=10.0,
        ge=0,
        le=600,
        description="Seconds that a request waits for its turn under these two limits before it is refused",
        examples=["10"],
    )
    model_breaker_failures: int = Field(
        default=5, ge=1, le=1000, description="Faults in a row after which a model is left alone", examples=["5"]
    )
    model_breaker_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="For how long at first; then it is tried once", examples=["30"]
    )

    @field_validator("openai_base_url", "anthropic_base_url", "google_base_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/?#]+([/?#]\S*)?", value):
            raise ValueError("it is not an address that begins with http:// or https://")
        return value

    @field_validator("ollama_host")
    @classmethod
    def _reachable(cls, value: str) -> str:
        from folkmoot.models.address import complete

        complete(value, default_port=11434)
        return value

    @field_validator("model_requests_per_minute", "model_requests_at_once")
    @classmethod
    def _limits_readable(cls, value: str) -> str:
        read_limits(value)
        return value

    @property
    def model_settings(self) -> Any:
        """All of it as the models' room knows it: `folkmoot.models.ModelSettings`."""
        from folkmoot.models import ModelSettings

        return ModelSettings(
            model=self.model,
            openai_api_key=_open(self.openai_api_key),
            openai_base_url=self.openai_base_url,
            openai_model=self.openai_model,
            ollama_host=self.ollama_host,
            anthropic_api_key=_open(self.anthropic_api_key),
            anthropic_base_url=self.anthropic_base_url,
            google_api_key=_open(self.google_api_key),
            google_base_url=self.google_base_url,
            text_only=frozenset(filter(None, (one.strip() for one in self.text_only_models.split(",")))),
            timeout=timedelta(seconds=self.model_timeout),
            first_token=timedelta(seconds=self.model_first_token_timeout),
            next_token=timedelta(seconds=self.model_next_token_timeout),
            retries=self.model_retries,
            per_minute=read_limits(self.model_requests_per_minute),
            at_once=read_limits(self.model_requests_at_once),
            limit_wait=timedelta(seconds=self.model_limit_wait),
            breaker_threshold=self.model_breaker_failures,
            breaker_rest=timedelta(seconds=self.model_breaker_seconds),
        )


def read_limits(written: str) -> Mapping[str, int]:
    """`500` or `openai=500, ollama=30` → numbers by provider, `*` for those not named. Raises `ValueError`."""
    found: dict[str, int] = {}
    for part in filter(None, (one.strip() for one in written.split(","))):
        provider, _, number = (one.strip() for one in (part if "=" in part else f"*={part}").partition("="))
        if provider not in {*PROVIDERS, "*"} or not number.isdecimal() or not 0 < int(number) <= _MOST:
            raise ValueError(
                f"'{part}' is neither a number from 1 nor provider=number with a provider of {', '.join(PROVIDERS)}"
            )
        found[provider] = int(number)
    return found


def _open(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
