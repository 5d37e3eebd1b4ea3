"""What the tests of models share."""

from collections.abc import AsyncIterator

import pytest

from folkmoot.models import ModelHub, ModelSettings
from folkmoot.models.model import Source
from tests.models.shelf import Shelf, hub_for
from tests.stub_model import StubModel, stub_model

__all__ = ["stub_model"]


@pytest.fixture
async def hub(stub_model: StubModel) -> AsyncIterator[ModelHub]:
    """A hub whose OpenAI-compatible server and whose Ollama are both the stub."""
    hub = hub_for(ModelSettings(openai_base_url=stub_model.base_url, ollama_host=stub_model.url))
    yield hub
    await hub.close()


@pytest.fixture
def shelf() -> Shelf:
    """Two things that Mira said about the deploy."""
    return Shelf(
        sources=[
            Source(text="Lunch? The deploy fails because the path has a blank.", source="whatsapp", score=0.9),
            Source(text="I rewrote the deploy script in March.", source="git", score=0.7),
        ],
        asked=[],
    )
