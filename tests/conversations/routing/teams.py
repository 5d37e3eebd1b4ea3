"""The teams that come with the house, as candidates, and a small one for tests of their own."""

from functools import cache
from pathlib import Path

from folkmoot.agents import load_workplace
from folkmoot.conversations.routing import Candidate

TEAMS = Path(__file__).resolve().parents[3] / "src/folkmoot/agents/teams"
PLANTS = Candidate(
    agent_id="fern",
    name="Fern",
    description="Looks after the plants in the garden.",
    keywords=("plants", "garden", "roses"),
    examples=(
        "How often do I water the tomatoes?",
        "My roses have black spots.",
        "When should I prune the apple tree?",
        "Which soil does lavender like?",
        "The lawn is full of moss.",
        "Can I plant onions in autumn?",
        "Slugs ate my lettuce.",
        "Repot the ficus, or wait?",
    ),
    aliases=("gardener",),
)
BIKES = Candidate(
    agent_id="spoke",
    name="Spoke",
    description="Repairs bicycles.",
    keywords=("bike", "bicycle", "puncture"),
    examples=(
        "My rear tyre is flat again.",
        "The chain falls off when I change gear.",
        "Which brake pads fit my bicycle?",
        "True a wheel with a broken spoke.",
        "How high should the saddle be?",
        "The front light flickers.",
        "Adjust my derailleur, please.",
        "What does a bike service cost?",
    ),
    aliases=("mechanic",),
)
MONEY = Candidate(
    agent_id="penny",
    name="Penny",
    description="Keeps the books and pays the bills.",
    keywords=("invoice", "tax", "payroll"),
    examples=(
        "Has the invoice from March been paid?",
        "When is the tax return due?",
        "Book the train tickets as travel costs.",
        "Why is the payroll late?",
        "Send a reminder to those who owe us money.",
        "How much is left in the budget?",
        "Which account do donations go to?",
        "Refund the deposit of the customer.",
    ),
    aliases=("accountant",),
)
STARS = Candidate(
    agent_id="vega",
    name="Vega",
    description="Tells about stars and planets.",
    keywords=("telescope", "stars", "planet"),
    examples=(
        "When does Jupiter rise tonight?",
        "Which eyepiece shows the rings of Saturn?",
        "How far away is the nearest star?",
        "Is that bright dot a planet or a satellite?",
        "When is the next eclipse of the moon?",
        "Why do stars twinkle?",
        "How do I collimate my telescope?",
        "What is a light year?",
    ),
    aliases=("astronomer",),
)
SHOP = (PLANTS, BIKES, MONEY, STARS)


@cache
def team(name: str) -> tuple[Candidate, ...]:
    """Everybody of a team who takes chat."""
    workplace = load_workplace(TEAMS / name / "workplace.yaml")
    return tuple(
        Candidate(
            agent_id=one.agent_id,
            name=one.name,
            description=one.description,
            keywords=tuple(one.keywords),
            examples=tuple(one.examples),
            aliases=tuple(alias for alias in (one.specialty, one.role) if alias),
        )
        for one in workplace.agents
        if one.examples
    )
