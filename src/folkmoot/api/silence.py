"""The kill switch: silence an agent at once, and let it speak again."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.registry import AgentRecord, Presence
from folkmoot.web import Rooms, SignedIn, documented
from folkmoot.web.principal import Acting
from folkmoot.web.silencing import let_speak, silence

router = APIRouter(prefix="/api/agents", tags=["agents"])
ANSWERS = documented(401, 403, 404, 413, 422, 429, 503)


class SilenceWanted(BaseModel):
    """Why the agent is to be silent."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S", examples=["answers strangers with prices"])


class SilenceShown(BaseModel):
    """An agent, and whether it is silenced: then `status` is `silenced`, and it is said since when, by whom and why."""

    agent_id: str
    name: str
    status: Presence
    silenced_at: AwareDatetime | None
    silenced_by: str | None
    reason: str | None


@router.post("/{agent_id}/silence", responses=ANSWERS)
async def silence_agent(
    rooms: Rooms, principal: SignedIn, actor: Acting, agent_id: str, wanted: Annotated[SilenceWanted, Body()]
) -> SilenceShown:
    """Silence an agent: it takes no mail, what it has in hand is cut off, its tools are refused; its mail waits.

    An administrator may, and whoever the twin stands for. It holds until it is lifted, also over a restart.
    """
    return _shown(await silence(rooms, agent_id, reason=wanted.reason, principal=principal, actor=actor))


@router.delete("/{agent_id}/silence", responses=ANSWERS)
async def let_agent_speak(rooms: Rooms, principal: SignedIn, actor: Acting, agent_id: str) -> SilenceShown:
    """Let an agent speak again; the mail that waited comes to it."""
    return _shown(await let_speak(rooms, agent_id, principal=principal, actor=actor))


def _shown(one: AgentRecord) -> SilenceShown:
    return SilenceShown(
        agent_id=one.agent_id,
        name=one.name,
        status=one.presence,
        silenced_at=one.silenced_at,
        silenced_by=one.silenced_by,
        reason=one.silenced_reason,
    )
