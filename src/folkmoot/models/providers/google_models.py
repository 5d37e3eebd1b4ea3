"""Models of Google's Gemini API. Imported late; the SDK comes with the extra `google`."""

from typing import Any

from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider

from folkmoot.models.model import ModelSettings
from folkmoot.models.providers.http import connections


def connect(settings: ModelSettings, *, remote: bool) -> Any:
    """Connections to close in the end."""
    return connections(settings, remote=remote)


def model_of(model: str, url: str, key: str, made: Any) -> GoogleModel:
    """A model by its name."""
    return GoogleModel(model, provider=GoogleProvider(api_key=key, base_url=url, http_client=made))
