"""An Ollama on this machine or network: found by asking it, and what was found is remembered for a while."""

from typing import Any

from folkmoot.kernel import Clock
from folkmoot.models.address import complete, leaves_network
from folkmoot.models.errors import ModelNotConfiguredError
from folkmoot.models.model import ModelSettings
from folkmoot.models.providers.listing import listed_models


class Ollama:
    """The server named by `OLLAMA_HOST`. Its cloud models run elsewhere, wherever the server is."""

    name = "ollama"
    offline = False

    def __init__(self, settings: ModelSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        try:
            self._url = complete(settings.ollama_host, default_port=11434)
        except ValueError as error:
            raise ModelNotConfiguredError(f"OLLAMA_HOST: {error}", setting="OLLAMA_HOST") from error
        self._seen: tuple[float, str | None] | None = None
        self._clients: list[Any] = []

    @property
    def url(self) -> str | None:
        return self._url

    async def default_model(self) -> str | None:
        now = self._clock.monotonic()
        if self._seen is None or now - self._seen[0] > self._settings.probe_memory.total_seconds():
            models = await self.models()
            self._seen = (now, next((name for name in models if "embed" not in name), None))
        return self._seen[1]

    async def models(self) -> list[str]:
        return await listed_models(
            f"{self._url}/api/tags", list_key="models", name_key="name", patience=self._settings.probe_timeout
        )

    def why_not(self) -> str | None:
        return None

    def remote(self, model: str) -> bool:
        return leaves_network(self._url) or model.endswith(("-cloud", ":cloud"))

    async def sees(self, model: str) -> bool | None:
        import httpx  # noqa: PLC0415  # most processes never ask

        try:
            patience = self._settings.probe_timeout.total_seconds()
            async with httpx.AsyncClient(timeout=patience, trust_env=False) as client:
                said = (await client.post(f"{self._url}/api/show", json={"model": model})).raise_for_status().json()
            abilities = said["capabilities"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None
        return "vision" in abilities if isinstance(abilities, list) else None

    def build(self, model: str) -> Any:
        from folkmoot.models.providers import openai_models as made  # noqa: PLC0415  # takes seconds to import

        client = made.client(f"{self._url}/v1", "ollama", self._settings, remote=self.remote(model))
        self._clients.append(client)
        return made.model_of_ollama(model, client)

    async def close(self) -> None:
        while self._clients:
            await self._clients.pop().close()
