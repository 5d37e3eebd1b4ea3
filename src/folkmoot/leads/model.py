"""The nouns of this room: what a lead says, what was made of it, and the moves that are legal. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from folkmoot.leads.errors import IllegalLeadMoveError

MESSAGE_LIMIT: Final = 20_000
AWAY: Final = "tools.away"  # the code of the tools for a service that is down, or wants fewer calls
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BIDI: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")  # they turn the direction of the text that follows
_EMAIL: Final = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"]+\.[^\s@,;:<>()\[\]\\\".]+")


def _one_line(value: str) -> str:
    # What gets into a header of a mail, or a line of a list, must not be able to begin another.
    if _CONTROL.search(value):
        raise ValueError("must be one line without control characters")
    return _BIDI.sub("", value)


def _text(value: str) -> str:
    return _BIDI.sub("", _CONTROL_IN_TEXT.sub("", value.replace("\r\n", "\n").replace("\r", "\n")))


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("is not an e-mail address, as in 'ida@brandt.example'")
    return value


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
MaybeLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_one_line)]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=254),
    AfterValidator(_one_line),
    AfterValidator(_email),
]
Message = Annotated[str, StringConstraints(max_length=MESSAGE_LIMIT), AfterValidator(_text)]


class LeadData(BaseModel):
    """What somebody wrote into a form. Everything in it is a stranger's text and is shown as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Line = Field(examples=["Ida Brandt"])
    email: Email = Field(examples=["ida@brandt.example"])
    company: MaybeLine | None = Field(default=None, examples=["Brandt Tools"])
    phone: Annotated[MaybeLine, StringConstraints(max_length=60)] | None = Field(
        default=None, examples=["+49 30 5550100"]
    )
    message: Message = Field(default="", examples=["We need a new shop with 4,000 products, live in three months."])
    services_interested: Annotated[tuple[Line, ...], Field(max_length=30)] = Field(
        default=(), examples=[["web_development"]]
    )
    budget_range: MaybeLine | None = Field(default=None, examples=["50000-80000"])
    timeline: MaybeLine | None = Field(default=None, examples=["3 months"])
    source: Line = Field(default="unknown", examples=["website"])


class LeadStatus(StrEnum):
    """Where a lead is on its way to a customer."""

    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    PROPOSAL = "proposal"
    WON = "won"
    LOST = "lost"


_S = LeadStatus
# One step on, one step back for a slip of the hand, and lost from anywhere; who is won stays won.
MOVES: Final[Mapping[LeadStatus, tuple[LeadStatus, ...]]] = MappingProxyType(
    {
        _S.NEW: (_S.CONTACTED, _S.LOST),
        _S.CONTACTED: (_S.QUALIFIED, _S.LOST, _S.NEW),
        _S.QUALIFIED: (_S.PROPOSAL, _S.LOST, _S.CONTACTED),
        _S.PROPOSAL: (_S.WON, _S.LOST, _S.QUALIFIED),
        _S.WON: (),
        _S.LOST: (_S.CONTACTED,),
    }
)


class Priority(StrEnum):
    """How soon somebody should look at a lead."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Factor(BaseModel):
    """One reason for a score. `value` and its `low` and `high` are 0..1; `points` is what it adds to the log-odds."""

    model_config = ConfigDict(frozen=True)

    name: Literal["budget", "timeline", "fit", "intent", "completeness"]
    value: float
    weight: float
    points: float
    explanation: str
    known: bool = True
    low: float = 0.0
    high: float = 1.0


class LeadScore(BaseModel):
    """`score` is 0..100: of leads with 70, about 70 in 100 become serious. `interval` is what the factors allow."""

    model_config = ConfigDict(frozen=True)

    score: float = Field(ge=0, le=100)
    confidence: float = Field(ge=0, le=1)
    priority: Priority
    factors: tuple[Factor, ...]
    interval: tuple[float, float]


class EstimatedValue(BaseModel):
    """What the work may be worth, from the budget said and the price ranges of the services; null when unknown."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    currency: str
    basis: str


class LeadAnalysis(BaseModel):
    """What was made of a lead. `checked` says what of a model's answer the factors did not allow."""

    model_config = ConfigDict(frozen=True)

    lead_score: LeadScore
    recommended_services: tuple[str, ...] = ()
    service_reasons: dict[str, str] = Field(default_factory=dict)
    key_insights: tuple[str, ...] = ()
    suggested_actions: tuple[str, ...] = ()
    estimated_value: EstimatedValue | None = None
    decided_by: str = "offline"
    checked: tuple[str, ...] = ()
    analyzed_at: datetime


class Contact(BaseModel):
    """What became of something that was sent out: `status` as in the tool log.

    `code`: why it was skipped; `tools.away` is caught up with by itself once the service is back.
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["succeeded", "skipped", "failed", "unknown", "denied", "waiting", "started"]
    detail: str = ""
    code: str | None = None
    call_id: str | None = None
    at: datetime


class FollowUp(BaseModel):
    """What was sent because of a lead, each at most once; `crm_sync` once for every analysis."""

    model_config = ConfigDict(frozen=True)

    notification: Contact | None = None
    auto_response: Contact | None = None
    crm_sync: Contact | None = None

    def owed(self) -> tuple[str, ...]:
        """What was skipped for a reason that passes, as words of `Lead.wanted`."""
        sent = {"notify": self.notification, "auto_respond": self.auto_response, "sync": self.crm_sync}
        return tuple(name for name, one in sent.items() if one and one.status == "skipped" and one.code == AWAY)


class LeadEntry(BaseModel):
    """One line of a lead's history."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: str
    kind: Literal["submitted", "analyzed", "status", "note", "sent", "deleted", "restored"]
    text: str
    details: dict[str, Any] = Field(default_factory=dict)


class LeadChange(BaseModel):
    """What a person changes: a status, a note, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: LeadStatus | None = None
    note: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000), AfterValidator(_text)]
        | None
    ) = None


class Lead(BaseModel):
    """A lead as it stands. `settled`: nothing that was asked for is still to be done.

    `wanted`: what this round is for, of `analyze` (which tells the team and brings it into the CRM too),
    `auto_respond`, and `notify` and `sync` where those alone are caught up with.
    """

    model_config = ConfigDict(frozen=True)

    lead_id: str
    user_id: str
    data: LeadData
    status: LeadStatus
    analysis: LeadAnalysis | None
    follow_up: FollowUp
    wanted: tuple[str, ...]
    round: int
    settled: bool
    problem: str = ""
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    def moved(self, status: LeadStatus) -> "Lead":
        """In another status. Raises `IllegalLeadMoveError`."""
        if status == self.status:
            return self
        if status not in MOVES[self.status]:
            legal = ", ".join(MOVES[self.status]) or "none: it is closed"
            raise IllegalLeadMoveError(
                f"a lead cannot go from {self.status} to {status}; from {self.status} it can go to {legal}",
                status=str(self.status),
                wanted=str(status),
                legal=[str(one) for one in MOVES[self.status]],
            )
        return self.model_copy(update={"status": status})
