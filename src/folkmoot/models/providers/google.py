"""Google's Gemini models, by GOOGLE_API_KEY."""

from typing import Any, Final

from folkmoot.models.address import leaves_network
from folkmoot.models.model import ModelSettings
from folkmoot.models.providers.extras import installed
from folkmoot.models.providers.listing import listed_models

GOOGLE_URL: Final = "https://generativelanguage.googleapis.com"
DEFAULT_MODEL: Final = "gemini-2.5-flash"


class Google:
    """Configured by its key; GOOGLE_BASE_URL leads to a gateway of one's own."""

    name = "google"
    offline = False

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._url = (settings.google_base_url or GOOGLE_URL).rstrip("/")
        self._clients: list[Any] = []

    @property
    def url(self) -> str | None:
        return self._url

    async def default_model(self) -> str | None:
        return None if self.why_not() else DEFAULT_MODEL

    async def models(self) -> list[str]:
        found = await listed_models(
            f"{self._url}/v1beta/models",
            list_key="models",
            name_key="name",
            headers={"x-goog-api-key": self._settings.google_api_key or ""},
            patience=self._settings.probe_timeout,
        )
        return [name.removeprefix("models/") for name in found]

    def why_not(self) -> str | None:
        if not self._settings.google_api_key:
            return "set GOOGLE_API_KEY"
        return None if installed("google.genai") else "pip install 'folkmoot[google]'"

    def remote(self, model: str) -> bool:  # noqa: ARG002  # all models of a server are in one place
        return leaves_network(self._url)

    async def sees(self, model: str) -> bool | None:  # noqa: ARG002  # the family is known
        return None

    def build(self, model: str) -> Any:
        from folkmoot.models.providers import google_models as made  # noqa: PLC0415  # an extra's, and heavy

        connections = made.connect(self._settings, remote=self.remote(model))
        self._clients.append(connections)
        return made.model_of(model, self._url, self._settings.google_api_key or "", connections)

    async def close(self) -> None:
        while self._clients:
            await self._clients.pop().aclose()
