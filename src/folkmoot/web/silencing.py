"""Who may work the kill switch, for the API and the pages alike: administrators, and whoever the twin stands for."""

from folkmoot.consent import person_key
from folkmoot.registry import AgentRecord
from folkmoot.security import Actor, NotAllowedError, Principal
from folkmoot.web.parts import Parts


def may_silence(principal: Principal, agent: AgentRecord) -> bool:
    """Whether they may silence this agent and let it speak."""
    return principal.is_admin or (
        principal.role != "viewer"
        and principal.person is not None
        and agent.person is not None
        and principal.person == person_key(agent.person)
    )


async def silence(parts: Parts, agent_id: str, *, reason: str, principal: Principal, actor: Actor) -> AgentRecord:
    """Silence an agent, on the record. Raises `UnknownAgentError`, `NotAllowedError`, `BadAgentError`."""
    await _permitted(parts, agent_id, principal)
    record = await parts.registry.silence(agent_id, reason=reason, by=principal.user_id)
    await parts.audit.record("agent_silenced", by=actor, target=agent_id)
    return record


async def let_speak(parts: Parts, agent_id: str, *, principal: Principal, actor: Actor) -> AgentRecord:
    """Let an agent speak again, on the record. Raises `UnknownAgentError`, `NotAllowedError`."""
    await _permitted(parts, agent_id, principal)
    record = await parts.registry.unsilence(agent_id, by=principal.user_id)
    await parts.audit.record("agent_unsilenced", by=actor, target=agent_id)
    await parts.tasks.room_made()  # tasks that found nobody meanwhile
    return record


async def _permitted(parts: Parts, agent_id: str, principal: Principal) -> None:
    agent = await parts.registry.get(agent_id)
    if not may_silence(principal, agent):
        raise NotAllowedError(
            f"only an administrator may silence {agent.name}, or the person it stands for", agent_id=agent_id
        )
