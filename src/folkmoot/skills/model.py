"""The nouns of estimating: what is known of people, what a task says, and what the estimator answers.

Everything here is frozen and pure. How an estimate comes about stands in `estimator.py`; the ledger of what was seen
in `evidence.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, TypeAlias

EvidenceKind: TypeAlias = Literal["message", "commit", "task"]
ReasonKind: TypeAlias = Literal["words", "paths", "similar", "declared", "recency"]
Basis: TypeAlias = Literal["texts", "declared", "nothing"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One consented text of a person, or the outcome of a task: the only thing that is ever learned from."""

    id: str  # message id, commit id, outcome id: what a reason cites; the same id again replaces the older one
    person: str  # the person's key, or the agent id of an agent without a person
    text: str  # the whole text; a title that stands in `title` need not be repeated
    at: datetime  # when it was written or done, aware
    title: str = ""  # the short form if there is one
    kind: EvidenceKind = "message"
    labels: tuple[str, ...] = ()  # paths or areas that were touched
    weight: float = (
        1.0  # 1: the person's own doing; below 1: a weak sign; 0: none; negative: speaks against (a decline)
    )


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What is said of a person or agent beforehand, without any text of theirs."""

    person: str
    capabilities: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))  # name → level 0..1
    role: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskText:
    """What a task says of itself."""

    title: str
    text: str = ""
    task_type: str = ""
    required_skills: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()  # paths or areas it will touch, where somebody named them


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why one person was rated as they were; rests on the evidence it names."""

    kind: ReasonKind
    detail: str  # a phrase a person can read
    evidence: tuple[str, ...] = ()  # ids of Evidence; empty only for `declared`
    weight: float = 0.0  # share 0..1 of what speaks for this person; orders the reasons


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How probable it is that this person is the right one for the task, among those asked about."""

    person: str
    probability: float  # 0..1, calibrated; over everyone asked about the sum is at most 1
    rank: int  # 1 is the most probable
    reasons: tuple[Reason, ...] = ()
    basis: Basis = "nothing"
    support: float = 0.0  # 0..1: how much the person's own texts and declarations speak for it, whoever else was asked
