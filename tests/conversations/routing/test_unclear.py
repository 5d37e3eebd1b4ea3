"""What words leave unclear: a language model over real HTTP, and an embedding model that knows synonyms."""

from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from folkmoot.conversations.routing import ModelStage, Router
from folkmoot.kernel import words
from folkmoot.models import Caller, ModelSettings
from folkmoot.models.errors import ModelUnavailableError
from tests.conversations.routing.teams import SHOP
from tests.models.shelf import hub_for
from tests.stub_model import StubModel

UNCLEAR = "It creaks whenever I lean into a curve"


@pytest.fixture
async def stage(stub_model: StubModel) -> AsyncIterator[Callable[[str], ModelStage]]:
    """Makes the stage of a model by its name."""
    settings = ModelSettings(openai_api_key="test", openai_base_url=stub_model.base_url, retries=0)
    hub = hub_for(settings)
    yield lambda model: ModelStage(hub=hub, model=model)
    await hub.close()


@pytest.fixture
def router(stage: Callable[[str], ModelStage]) -> Router:
    return Router(model_stage=stage("openai:stub-small"))


async def test_the_model_is_asked_about_what_is_unclear(stub_model: StubModel, router: Router) -> None:
    stub_model.decide(agent_id="spoke", reason="bicycles creak")
    decision = await router.route(UNCLEAR, candidates=SHOP, fallback="penny", caller=Caller(user_id="ann"))
    assert (decision.agent_id, decision.method) == ("spoke", "model")
    assert "bicycles creak" in decision.reasoning
    assert decision.evidence["asked"] == "openai:stub-small"
    told = str(stub_model.requests[0]["messages"])
    assert UNCLEAR in told
    assert all(one.agent_id in told for one in SHOP)


async def test_the_model_may_say_nobody(stub_model: StubModel, router: Router) -> None:
    stub_model.decide(agent_id="", reason="small talk")
    decision = await router.route(UNCLEAR, candidates=SHOP, fallback="penny")
    assert (decision.agent_id, decision.method) == ("penny", "fallback")


@pytest.mark.parametrize("text", ["@vega " + UNCLEAR, "invoice", "My rear tyre is flat and the chain of my bike too"])
async def test_it_is_not_asked_about_what_is_clear(stub_model: StubModel, router: Router, text: str) -> None:
    await router.route(text, candidates=SHOP)
    assert stub_model.requests == []


async def test_a_model_that_fails_or_invents_somebody_leaves_the_decision_to_the_words(
    stub_model: StubModel, router: Router, stage: Callable[[str], ModelStage]
) -> None:
    plain = await Router().route(UNCLEAR, candidates=SHOP, fallback="penny")
    stub_model.fail(401)
    assert (await router.route(UNCLEAR, candidates=SHOP, fallback="penny")).agent_id == plain.agent_id
    stub_model.decide(agent_id="zeus", reason="a god")
    assert (await router.route(UNCLEAR, candidates=SHOP, fallback="penny")).agent_id == plain.agent_id
    offline = Router(model_stage=stage("offline"))
    assert (await offline.route(UNCLEAR, candidates=SHOP, fallback="penny")).agent_id == plain.agent_id


class Synonyms:
    """An embedding model of four ideas: every word that belongs to one points the same way."""

    name = "test:synonyms"
    IDEAS = (
        "water tomatoes roses prune apple soil lavender lawn moss plant onions slugs lettuce ficus garden hedge shrub",
        "tyre chain gear brake bicycle wheel saddle light derailleur bike velocipede pedals handlebar",
        "invoice paid tax costs payroll money budget account deposit refund expense ledger salary",
        "jupiter eyepiece saturn star planet satellite eclipse moon telescope light-year comet galaxy",
    )

    def __init__(self) -> None:
        self.fails = False
        self.asked = 0

    async def embed(self, texts: Sequence[str], *, question: bool = False) -> NDArray[np.float32]:  # noqa: ARG002  # the protocol's
        if self.fails:
            raise ModelUnavailableError("the embedding model is away")
        self.asked += len(texts)
        rows = np.full((len(texts), len(self.IDEAS) + 1), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            said = set(words(text))
            for place, idea in enumerate(self.IDEAS):
                rows[row, place] += len(said & set(idea.split()))
            rows[row, -1] += not rows[row, :-1].max() > 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


async def test_an_embedding_model_finds_what_shares_no_word() -> None:
    embedder = Synonyms()
    router = Router(embedder=embedder)
    plain = Router()
    for text, right in [("Trim that hedge", "fern"), ("Bent handlebar", "spoke"), ("Salary question", "penny")]:
        by_words = await plain.find(text, candidates=SHOP)
        found = await router.find(text, candidates=SHOP)
        assert found.meaning
        assert found.best == right
        assert found.in_scope > by_words.in_scope


async def test_words_decide_while_the_embedding_model_is_away() -> None:
    embedder = Synonyms()
    router = Router(embedder=embedder)
    await router.prepare(SHOP)
    embedder.fails = True
    found = await router.find("My rear tyre is flat", candidates=SHOP)
    assert (found.best, found.meaning) == ("spoke", False)
    assert (await Router(embedder=embedder).route("My rear tyre is flat", candidates=SHOP)).agent_id == "spoke"
