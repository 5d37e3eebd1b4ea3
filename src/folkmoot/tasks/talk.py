"""What agents say to each other about a task.

A `Consultation` is an agent's answer to the manager. An `Argument` is what it tells a peer about itself: figures that
only it knows. A `Position` is where it stands after a round. `Utterance` is any of these messages as the transcript
keeps it. Every sentence is a `Ground`: it names the evidence it rests on.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, field_validator

from folkmoot.tasks.model import Noun, Share


class GroundKind(StrEnum):
    """What sort of fact a sentence rests on."""

    SIMILAR = "similar"  # past work like this one
    WORDS = "words"
    PATHS = "paths"
    RECENCY = "recency"
    DECLARED = "declared"
    SKILL = "skill"  # a required skill that is there or missing
    WORKLOAD = "workload"
    CALENDAR = "calendar"
    DEADLINE = "deadline"
    PEER = "peer"  # what another agent said
    CONTINUITY = "continuity"  # did the task that this one builds on
    MODEL = "model"  # a language model's own words


class Quotation(Noun):
    """What stands behind one id of evidence, shortened; `at`: when it was written or done, if that is known."""

    id: str
    text: str
    at: AwareDatetime | None = None


class Ground(Noun):
    """One sentence and what it rests on.

    `evidence` holds ids: of messages, commits and outcomes a person's ability was learned from, of tasks
    (`task_…`), of messages between agents, or `agent:<id>/<field>` for what the registry says of an agent.
    `quotes` is empty in everything that is sent or stored; whoever reads a report gets it filled.
    """

    kind: GroundKind
    text: str
    evidence: tuple[str, ...] = ()
    weight: Annotated[float, Field(ge=-1, le=1)] = 0.0
    quotes: tuple[Quotation, ...] = ()

    @field_validator("quotes", mode="before")
    @classmethod
    def _never_carried(cls, _: Any) -> tuple[Quotation, ...]:
        # Whatever a message brings along is dropped: words are looked up by `quotations.py` alone.
        return ()


class Consultation(Noun):
    """What an agent answered when it was asked about a task; with `abstained` set it said nothing, and why."""

    agent: str
    can_do: bool | None = None  # None: abstained
    confidence: Share = 0.0
    estimated_hours: float | None = None
    earliest_start: AwareDatetime | None = None
    reasons: tuple[Ground, ...] = ()
    concerns: tuple[Ground, ...] = ()
    message: str = ""
    covers: tuple[str, ...] = ()  # which required skills it brings
    would_help: bool = False  # whether it could help somebody else with them
    abstained: str | None = None
    decided_by: str = "offline"  # or the model that decided


class Stance(StrEnum):
    """Where an agent stands in a negotiation."""

    KEEP = "keep"  # I was ahead, and I am the one
    CONCEDE = "concede"  # somebody else is better
    PROPOSE_SHARE = "propose_share"  # I own it, somebody helps with what I lack
    COUNTER = "counter"  # I was behind, but by what I heard I am the one


CLAIMS = frozenset({Stance.KEEP, Stance.PROPOSE_SHARE, Stance.COUNTER})


class Argument(Noun):
    """What an agent tells a peer about itself. `worth` weighs all of it: what the task gains if this agent owns it."""

    agent: str
    stance: Stance
    fit: Share
    worth: Share
    finish_at: AwareDatetime
    late_hours: float = 0.0  # how far beyond the task's deadline it would finish
    load: Share = 0.0  # share of its places that are taken
    at_risk: tuple[str, ...] = ()  # ids of its own tasks that would then miss their deadline
    covers: tuple[str, ...] = ()
    would_help: bool = True  # whether it could help somebody else with this task
    grounds: tuple[Ground, ...] = ()
    message: str = ""


class Position(Noun):
    """Where an agent stands after a round, and why."""

    agent: str
    stance: Stance
    opening: Stance  # where it stood before it heard anybody in this round
    worth: Share
    toward: str | None = None  # whom it concedes to or wants as a helper
    share: tuple[str, ...] = ()  # the required skills the helper would bring
    agreed: bool = False  # whether the helper said yes
    reasons: tuple[Ground, ...] = ()
    message: str = ""
    decided_by: str = "offline"


class Utterance(Noun):
    """One message of a negotiation, as the transcript keeps it."""

    message_id: str
    round: int
    speaker: str
    to: str
    intent: str  # "argument" to a peer, "answer" of that peer, "position" to the manager, "offer_share", …
    stance: Stance | None = None
    message: str
    reasons: tuple[Ground, ...] = ()
    at: AwareDatetime


class Round(Noun):
    """One round: what was said, and where everybody stood at its end."""

    number: int
    messages: tuple[Utterance, ...] = ()
    positions: tuple[Position, ...] = ()


class Verdict(Noun):
    """The referee's decision: who gets the task, and who would be next."""

    ranking: tuple[str, ...]  # the owner first, then who would be next
    helpers: tuple[str, ...] = ()
    reasoning: str
    changed: tuple[str, ...] = ()  # agents that left their opening position because of what they heard
    settled: bool = True  # False: the agents did not agree within the rounds, and the referee decided


class Negotiation(Noun):
    """Everything that was said in phase 2 of one attempt, and what came of it."""

    rounds: tuple[Round, ...] = ()
    outcome: Verdict | None = None
