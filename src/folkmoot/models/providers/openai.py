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

    async def sees(self, model: str) -> bool | None:  # noqa: ARG002  # no server says so; see TEXT_ONLY_MODELS
        return None

    def build(self, model: str) -> Any:
        from folkmoot.models.providers import openai_models as made  # noqa: PLC0415  # takes seconds to import

        client = made.client(self._url, self._settings.openai_api_key, self._settings, remote=self.remote(model))
        self._clients.append(client)
        return (made.model_of_openai if self._url == OPENAI_URL else made.model_of_compatible)(model, client)

    async def close(self) -> None:
        while self._clients:
            await self._clients.pop().close()
