"""Anthropic's models, by ANTHROPIC_API_KEY."""

from typing import Any, Final

from folkmoot.models.address import leaves_network
from folkmoot.models.model import ModelSettings
from folkmoot.models.providers.extras import installed
from folkmoot.models.providers.listing import listed_models

ANTHROPIC_URL: Final = "https://api.anthropic.com"
DEFAULT_MODEL: Final = "claude-haiku-4-5"
_VERSION: Final = "2026-10-21"  # what the SDK names too


class Anthropic:
    """Configured by its key; ANTHROPIC_BASE_URL leads to a gateway of one's own."""

    name = "anthropic"
    offline = False

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._url = (settings.anthropic_base_url or ANTHROPIC_URL).rstrip("/")
        self._clients: list[Any] = []

    @property
    def url(self) -> str | None:
        return self._url

    async def default_model(self) -> str | None:
        return None if self.why_not() else DEFAULT_MODEL

    async def models(self) -> list[str]:
        key = self._settings.anthropic_api_key
        return await listed_models(
            f"{self._url}/v1/models",
            list_key="data",
            name_key="id",
            headers={"Authorization": f"Bearer {key}", "anthropic-version": _VERSION},
            patience=self._settings.probe_timeout,
        )

    def why_not(self) -> str | None:
        if not self._settings.anthropic_api_key:
            return "set ANTHROPIC_API_KEY"
        return None if installed("anthropic") else "pip install 'folkmoot[anthropic]'"

    def remote(self, model: str) -> bool:  # noqa: ARG002  # all models of a server are in one place
        return leaves_network(self._url)

    async def sees(self, model: str) -> bool | None:  # noqa: ARG002  # the family is known
        return None

    def build(self, model: str) -> Any:
        from folkmoot.models.providers import anthropic_models as made  # noqa: PLC0415  # an extra's, and heavy

        key = self._settings.anthropic_api_key or ""
        client = made.client(self._url, key, self._settings, remote=self.remote(model))
        self._clients.append(client)
        return made.model_of(model, client)

    async def close(self) -> None:
        while self._clients:
            await self._clients.pop().close()
