"""Models of Anthropic. Imported late; the SDK comes with the extra `anthropic`."""

from typing import Any

from anthropic import AsyncAnthropic
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

from folkmoot.models.model import ModelSettings
from folkmoot.models.providers.batches import BatchDecoder, Messages
from folkmoot.models.providers.http import connections


class Client(AsyncAnthropic):
    """The SDK's client, whose streams come in batches."""

    def _make_sse_decoder(self) -> Any:
        return BatchDecoder(Messages())


def client(url: str, key: str, settings: ModelSettings, *, remote: bool) -> Client:
    """A client that sends every request once: repeating is not the SDK's business here."""
    http = connections(settings, remote=remote)
    return Client(base_url=url, api_key=key, max_retries=0, http_client=http, timeout=http.timeout)


def model_of(model: str, made: Client) -> AnthropicModel:
    """A model by its name."""
    return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=made))
