"""Which language models there are, by the settings."""

from typing import Any

from folkmoot.assembly.settings import Settings, WrongSettingError
from folkmoot.kernel import Clock
from folkmoot.models import ModelHub, ModelsError, ModelSettings
from folkmoot.models.providers import Anthropic, Google, Offline, Ollama, OpenAICompatible


def model_hub(settings: Settings, clock: Clock, **counting: Any) -> ModelHub:
    """The hub, with the `ledger`, `tracing` and `metrics` it gets.

    `auto` tries the providers in this order: those with a configured key, a reachable Ollama, and what is always there.
    Raises `WrongSettingError` for a MODEL that can never mean one.
    """
    chosen: ModelSettings = settings.model_settings
    hub = ModelHub(
        settings=chosen,
        providers=[
            OpenAICompatible(chosen),
            Anthropic(chosen),
            Google(chosen),
            Ollama(chosen, clock=clock),
            Offline(),
        ],
        clock=clock,
        **counting,
    )
    try:
        hub.check(settings.model)
    except ModelsError as error:
        raise WrongSettingError(f"MODEL is wrong: {error.message}; for example MODEL=auto", variable="MODEL") from error
    return hub
