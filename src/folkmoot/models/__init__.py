"""Language models: which one is meant by a name, one loop for all of them, and the one that needs nothing.

`hub.py` resolves names (`openai:gpt-5-mini`, `ollama:llama3.2`, `offline`, `auto`, several with commas) and runs the
loop of `loop.py`, the only place that drives pydantic-ai; `providers/` are chosen in `folkmoot.assembly` alone. What
the loop drives is made in `chain.py`: each model is metered (`metered.py`) and asked with care (`guarded.py`). Each
fault has its class in `errors.py`, all of them `ModelsError`. What an agent is and which tools it has is the agents'
business; whether a twin's texts may leave this network is the consent's: a handle only says so by `remote`.
"""

from folkmoot.models.errors import ModelsError, OfflineModelError
from folkmoot.models.hub import ModelHub
from folkmoot.models.knowledge import search_tool
from folkmoot.models.model import Answer, Attachment, Caller, Limits, ModelHandle, ModelSettings, Source, Turn

__all__ = [
    "Answer",
    "Attachment",
    "Caller",
    "Limits",
    "ModelHandle",
    "ModelHub",
    "ModelSettings",
    "ModelsError",
    "OfflineModelError",
    "Source",
    "Turn",
    "search_tool",
]
