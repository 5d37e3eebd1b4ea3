"""The teams that come with the house: the right agent answers."""

import pytest

from folkmoot.conversations.routing import Router
from tests.conversations.routing.teams import team

FALLBACK = {"wellness": "general", "agency": "chat", "startup": None}
ASKED = [
    ("wellness", "I want to start working out", "helios"),
    ("wellness", "What should I eat for breakfast?", "ceres"),
    ("wellness", "Hello! What can you help with?", "general"),
    ("wellness", "hi", "general"),
    ("wellness", "How many push-ups should a beginner do?", "helios"),
    ("wellness", "Is oatmeal healthy?", "ceres"),
    ("wellness", "@helios what about my knees?", "helios"),
    ("wellness", "Ceres, I am hungry", "ceres"),
    ("agency", "Hello there, who are you?", "chat"),
    ("agency", "We need a new logo for our café", "brand_design"),
    ("agency", "Our website is slow, can you fix it?", "web_development"),
    ("agency", "Please run Google ads for us", "digital_marketing"),
    ("agency", "Könnt ihr Texte für unseren Blog schreiben?", "content_creation"),
    ("agency", "Customers abandon their cart in our online shop", "ecommerce_solutions"),
    ("agency", "Necesitamos un logo nuevo", "brand_design"),
    ("startup", "Which keywords should we rank for on Google?", "seo"),
    ("startup", "Write a blog article about our launch", "content"),
]


@pytest.fixture(scope="module")
def router() -> Router:
    return Router()


@pytest.mark.parametrize(("name", "text", "right"), ASKED)
async def test_the_right_agent_answers(router: Router, name: str, text: str, right: str) -> None:
    decision = await router.route(text, candidates=team(name), fallback=FALLBACK[name])
    assert decision.agent_id == right, decision


@pytest.mark.parametrize("name", sorted(FALLBACK))
async def test_every_example_is_its_own_agents(router: Router, name: str) -> None:
    """Trained on them it should know nearly all; what it says of a decision can be read by a person."""
    asked = [(one.agent_id, text) for one in team(name) for text in one.examples]
    decisions = [await router.route(text, candidates=team(name)) for _, text in asked]
    right = sum(one.agent_id == agent for one, (agent, _) in zip(decisions, asked, strict=True))
    assert right >= 0.95 * len(asked)
    assert all(one.reasoning.endswith(".") and 0 <= one.confidence <= 1 for one in decisions)
    assert all(sum(other.confidence for other in one.alternatives) + one.confidence <= 1.001 for one in decisions)
