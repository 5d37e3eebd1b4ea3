"""Which language models there are, by the settings."""

from typing import Any

from folkmoot.assembly.settings import Settings, WrongSettingError
from folkmoot.kernel import Clock
from folkmoot.models import ModelHub, ModelsError, ModelSettings
from folkmoot.models.providers import Offline, Ollama, OpenAICompatible


def model_hub(settings: Settings, clock: Clock, **counting: Any) -> ModelHub:
    """The hub, with the `ledger` and `tracing` it gets; `auto` tries these in order and ends at what is always there.

    Raises `WrongSettingError` for a MODEL that can never mean one.
    """
    key = settings.openai_api_key
    chosen = ModelSettings(
        model=settings.model,
        openai_api_key=key.get_secret_value() if key else None,
        openai_base_url=settings.openai_base_url,
        openai_model=settings.openai_model,
        ollama_host=settings.ollama_host,
    )
    hub = ModelHub(
        settings=chosen,
        providers=[OpenAICompatible(chosen), Ollama(chosen, clock=clock), Offline()],
        clock=clock,
        **counting,
    )
    try:
        hub.check(settings.model)
    except ModelsError as error:
        raise WrongSettingError(f"MODEL is wrong: {error.message}; for example MODEL=auto", variable="MODEL") from error
    return hub
