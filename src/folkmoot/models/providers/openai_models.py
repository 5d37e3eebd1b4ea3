"""Models of servers that speak OpenAI's protocol. Imported late: the SDK takes seconds."""

from typing import Any

from openai import AsyncOpenAI
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles import ModelProfile, merge_profile
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from folkmoot.models.model import ModelSettings
from folkmoot.models.providers.batches import BatchDecoder, ChatCompletions
from folkmoot.models.providers.http import connections


class Client(AsyncOpenAI):
    """The SDK's client, whose streams come in batches."""

    def _make_sse_decoder(self) -> Any:
        return BatchDecoder(ChatCompletions())


def client(url: str, key: str | None, settings: ModelSettings, *, remote: bool) -> Client:
    """A client that sends every request once: repeating is not the SDK's business here."""
    http = connections(settings, remote=remote)
    return Client(base_url=url, api_key=key or "none", max_retries=0, http_client=http, timeout=http.timeout)


def model_of_openai(model: str, made: Client) -> OpenAIChatModel:
    """A model of OpenAI itself."""
    return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=made))


def model_of_compatible(model: str, made: Client) -> OpenAIChatModel:
    """A model of any other server."""
    return OpenAIChatModel(model, provider=OpenAICompatibleProvider("openai-compatible", openai_client=made))


def model_of_ollama(model: str, made: Client) -> OllamaModel:
    """A model of an Ollama: its grammar holds the model to the schema, where tool calls of small models often fail.

    Its cloud takes a schema and does not keep to it.
    """
    provider = OllamaProvider(openai_client=made)
    known = OllamaModel(model, provider=provider).profile
    if not known.get("supports_json_schema_output", False):
        return OllamaModel(model, provider=provider)
    by_schema = ModelProfile(default_structured_output_mode="native")
    return OllamaModel(model, provider=provider, profile=merge_profile(known, by_schema))
