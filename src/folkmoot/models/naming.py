"""What the name of a model means: `provider:model`, a bare provider, `auto`, or several of them with commas."""

from collections.abc import Sequence

from folkmoot.models.errors import ModelNotConfiguredError, ModelsError, ModelUnavailableError, UnknownModelError
from folkmoot.models.model import ModelHandle, chain_of
from folkmoot.models.provider import Provider
from folkmoot.telemetry import get_logger

_LONGEST_CHAIN = 8
_log = get_logger("folkmoot.models")


class Names:
    """Resolves names by the providers, which stand in the order in which `auto` tries them."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self.providers = {provider.name: provider for provider in providers}

    async def meant(self, name: str) -> ModelHandle:
        """See `ModelHub.resolve`. Of a chain, models that cannot be asked at all are left out, as long as one can."""
        wanted = self._parts(name)
        if len(wanted) == 1:
            return await self._one(wanted[0])
        found: list[ModelHandle] = []
        faults: list[ModelsError] = []
        for part in wanted:
            try:
                found.append(await self._one(part))
            except (ModelNotConfiguredError, ModelUnavailableError) as error:
                faults.append(error)
                _log.debug("a model of a chain is left out", model=part, error=error.message)
        whole = chain_of(found)
        if whole is None:
            raise faults[0]
        return whole

    def check(self, name: str) -> None:
        """Raise `UnknownModelError` for a name that can never mean a model; asks no server."""
        for part in self._parts(name):
            if part != "auto":
                self._named(part)

    async def _one(self, wanted: str) -> ModelHandle:
        if wanted == "auto":
            return await self._first_there()
        provider, model = self._named(wanted)
        if missing := provider.why_not():
            raise ModelNotConfiguredError(f"the model '{wanted}' cannot be used yet: {missing}", model=wanted)
        model = model or await provider.default_model() or ""
        if not model:
            raise ModelUnavailableError(
                f"the server of '{provider.name}' does not answer with the models it has; "
                f"start it, or name one: {provider.name}:<model>",
                model=wanted,
            )
        return handle_of(provider, model)

    async def _first_there(self) -> ModelHandle:
        for provider in self.providers.values():
            if model := await provider.default_model():
                return handle_of(provider, model)
        raise ModelNotConfiguredError("no model is there at all; keep the provider 'offline' as the last one")

    def _parts(self, name: str) -> list[str]:
        parts = [part.strip() for part in name.split(",")]
        if not all(parts) or len(parts) > _LONGEST_CHAIN:
            raise UnknownModelError(
                f"'{name}' is no chain of models; write up to {_LONGEST_CHAIN} names with a comma between two, as in "
                "openai:gpt-5-mini, ollama:llama3.2, offline",
                model=name,
                providers=list(self.providers),
            )
        return parts

    def _named(self, wanted: str) -> tuple[Provider, str]:
        provider_name, _, model = wanted.partition(":")
        provider = self.providers.get(provider_name)
        if provider is None or (":" in wanted and not model) or (provider.offline and model):
            raise UnknownModelError(
                f"no model is called '{wanted}'; write auto, {', '.join(self._spellings())}",
                model=wanted,
                providers=list(self.providers),
            )
        return provider, model

    def _spellings(self) -> list[str]:
        return [name if one.offline else f"{name}:<model>" for name, one in self.providers.items()]


def handle_of(provider: Provider, model: str) -> ModelHandle:
    """The handle of one model of a provider."""
    return ModelHandle(
        name=provider.name if provider.offline else f"{provider.name}:{model}",
        provider=provider.name,
        model=model,
        offline=provider.offline,
        remote=provider.remote(model),
        url=provider.url,
    )
