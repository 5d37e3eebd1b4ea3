"""The places where models are; `folkmoot.assembly` chooses among them, nobody else imports them."""

from folkmoot.models.providers.anthropic import Anthropic
from folkmoot.models.providers.google import Google
from folkmoot.models.providers.offline import Offline
from folkmoot.models.providers.ollama import Ollama
from folkmoot.models.providers.openai import OpenAICompatible

__all__ = ["Anthropic", "Google", "Offline", "Ollama", "OpenAICompatible"]
