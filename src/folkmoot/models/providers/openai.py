"""OpenAI, and every server that speaks its protocol, by `OPENAI_BASE_URL`."""

from typing import Any, Final

from folkmoot.models.address import leaves_network
from folkmoot.models.model import ModelSettings
from folkmoot.models.providers.listing import listed_models

OPENAI_URL: Final = "https://api.openai.com/v1"
DEFAULT_MODEL: Final = "gpt-5-mini"


class OpenAICompatible:
    """Configured by a key, an address, or both: many servers of one's own take no key."""

    name = "openai"
    offline = False
    native_output = False

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._url = (settings.openai_base_url or OPENAI_URL).rstrip("/")
        self._clients: list[Any] = []

    @property
    def url(self) -> str | None:
        return self._url

    async def default_model(self) -> str | None:
        if self.why_not():
            return None
        if self._settings.openai_model:
            return self._settings.openai_model
        if self._url == OPENAI_URL:
            return DEFAULT_MODEL
        return next(iter(await self.models()), None)

    async def models(self) -> list[str]:
        return await listed_models(
            f"{self._url}/models",
            list_key="data",
            name_key="id",
            key=self._settings.openai_api_key,
            patience=self._settings.probe_timeout,
        )

    def why_not(self) -> str | None:
        if self._settings.openai_api_key or self._settings.openai_base_url:
            return None
        return (
            "set OPENAI_API_KEY, or OPENAI_BASE_URL for an OpenAI-compatible server of your own "
            "(for example http://127.0.0.1:8000/v1)"
        )

    def remote(self, model: str) -> bool:  # noqa: ARG002  # all models of a server are in one place
        return leaves_network(self._url)

    def build(self, model: str) -> Any:
        from openai import AsyncOpenAI  # noqa: PLC0415  # takes seconds to import
        from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415  # takes seconds to import
        from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415  # takes seconds to import
        from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415  # as above

        client = AsyncOpenAI(
            base_url=self._url,
            api_key=self._settings.openai_api_key or "none",
            timeout=self._settings.timeout.total_seconds(),
            max_retries=self._settings.retries,
        )
        self._clients.append(client)
        provider = (
            OpenAIProvider(openai_client=client)
            if self._url == OPENAI_URL
            else OpenAICompatibleProvider("openai-compatible", openai_client=client)
        )
        return OpenAIChatModel(model, provider=provider)

    async def close(self) -> None:
        while self._clients:
            await self._clients.pop().close()
