"""The rooms as the faces find them: put on the application by the assembly, taken out by a dependency."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Protocol

from fastapi import Depends, Request
from pydantic import BaseModel, Field

from folkmoot.consent import ConsentLedger
from folkmoot.conversations import ConversationDesk
from folkmoot.conversations.archive import Archive
from folkmoot.conversations.studio import Gallery, SessionDesk
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.leads import LeadDesk
from folkmoot.memory import KnowledgeDesk
from folkmoot.memory.documents import FolderFollower, Library
from folkmoot.memory.shared import SharedMemory
from folkmoot.messaging import Broker
from folkmoot.models import ModelHub
from folkmoot.models.spending import BudgetDesk
from folkmoot.registry import Registry
from folkmoot.security import AuditLog, Credentials, KeyDesk, UserDesk
from folkmoot.security.oidc import OidcSignIn
from folkmoot.tasks import TaskDesk
from folkmoot.telemetry import Metrics, Tracing
from folkmoot.tools.parts import ToolParts
from folkmoot.twins import Forgetting, ImportExport, Twin, TwinRoster
from folkmoot.workflows import FlowDesk

Condition = Literal["ok", "degraded", "down", "not_configured"]


class Component(BaseModel):
    """How one part is. `detail` says what is wrong and what to do."""

    status: Condition
    detail: str | None = None


class Health(BaseModel):
    """How the whole is: `down` when a part is down that nothing works without, `degraded` when another one is."""

    status: Literal["ok", "degraded", "down"]
    version: str
    uptime_seconds: float = Field(ge=0)
    components: dict[str, Component | dict[str, Component]]

    def bare(self) -> "Health":
        """The same without details: they name hosts, folders and files, which are nobody's business outside."""

        def of(one: Component | dict[str, Component]) -> Component | dict[str, Component]:
            if isinstance(one, Component):
                return Component(status=one.status)
            return {name: Component(status=part.status) for name, part in one.items()}

        return self.model_copy(update={"components": {name: of(one) for name, one in self.components.items()}})


class Team(Protocol):
    """Brings a team of agents up."""

    async def initialize(self, team: str | None) -> Mapping[str, object]:
        """`{manager, workers}`: ids; the same again when it is up already. Raises for an unknown team."""
        ...

    async def ensure_twin(self, person: str, *, email: str, role: str = "", department: str = "") -> Twin:
        """The twin of a person, made and hosted if there is none."""
        ...

    async def dismiss(self, twin: Twin) -> None:
        """Let the agent of a forgotten person go."""
        ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that routes and pages use."""

    clock: Clock
    started_at: datetime
    metrics: Metrics
    broker: Broker
    events: EventLog
    registry: Registry
    consents: ConsentLedger
    users: UserDesk
    keys: KeyDesk
    audit: AuditLog
    credentials: Credentials
    tasks: TaskDesk
    leads: LeadDesk
    conversations: ConversationDesk
    archive: Archive
    sessions: SessionDesk
    gallery: Gallery
    flows: FlowDesk
    twins: TwinRoster
    imports: ImportExport
    forgetting: Forgetting
    team: Team
    tools: ToolParts
    knowledge: KnowledgeDesk
    library: Library
    follower: FolderFollower
    shared_memory: SharedMemory
    models: ModelHub
    budgets: BudgetDesk
    tracing: Tracing
    readings: Callable[[], Awaitable[None]]
    health: Callable[[], Awaitable[Health]]
    oidc: OidcSignIn | None = None


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Rooms = Annotated[Parts, Depends(_parts)]
