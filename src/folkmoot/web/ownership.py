"""Whose is what: the one place where the faces, API and pages alike, decide whose things somebody sees and changes.

An administrator sees everything. Everybody else sees what they made, and what concerns the person whose twin is theirs;
what is others' answers exactly as what is not there. The rules of routes (`rules.py`) come before this, the policies
of rows on PostgreSQL behind it. Whose mail somebody sees is decided in `mail.py`.
"""

from folkmoot.consent import Consent, InvalidConsentError, UnknownConsentError, person_key
from folkmoot.events import Event
from folkmoot.kernel import excerpt
from folkmoot.registry import AgentRecord, Registry
from folkmoot.registry.errors import unknown_agent
from folkmoot.registry.permissions import allows
from folkmoot.security import NotAllowedError, Principal
from folkmoot.tasks import Sight, Task
from folkmoot.tasks.errors import NotYoursError
from folkmoot.twins.errors import UnknownImportError, unknown_twin
from folkmoot.user_files import UnknownFileError
from folkmoot.web.parts import Parts

# What concerns nobody in particular: who is here, and how they are.
_SHARED = "agent_"


def stands_for(agent: AgentRecord, principal: Principal) -> bool:
    """Whether this agent is the twin of the person whose account it is."""
    return principal.person is not None and agent.person is not None and person_key(agent.person) == principal.person


def sees(agent: AgentRecord, principal: Principal) -> bool:
    """Whether somebody may know of this agent: as its definition says, and its own person always."""
    return principal.is_admin or stands_for(agent, principal) or allows(agent.visible_to, principal.user_id, None)


async def agent_seen(registry: Registry, principal: Principal, agent_id: str) -> AgentRecord:
    """An agent that they may know of; raises `UnknownAgentError` for any other as for one that is not there."""
    agent = await registry.get(agent_id)
    if not sees(agent, principal):
        raise unknown_agent(agent_id)
    return agent


async def agents_of(parts: Parts, principal: Principal) -> frozenset[str]:
    """The ids of the agents that stand for them: their twin, if they own one."""
    return await _standing_for(principal, parts.registry)


async def sight_of(parts: Parts, principal: Principal) -> Sight | None:
    """Whose tasks they see; None is all."""
    return await sight_in(parts.registry, principal)


async def sight_in(registry: Registry, principal: Principal) -> Sight | None:
    """The same for whoever has no more than the registry."""
    if principal.is_admin:
        return None
    return Sight(user_id=principal.user_id, agent_ids=await _standing_for(principal, registry))


async def _standing_for(principal: Principal, registry: Registry) -> frozenset[str]:
    if principal.person is None:
        return frozenset()
    return frozenset(one.agent_id for one in await registry.discover() if stands_for(one, principal))


def owns_person(principal: Principal, person: str) -> bool:
    """Whether this person's twin, consents and texts are theirs to see; an administrator sees everybody's."""
    if principal.is_admin:
        return True
    try:
        return principal.person is not None and person_key(person) == principal.person
    except InvalidConsentError:
        return False


def check_person(principal: Principal, person: str) -> None:
    """Raise `UnknownTwinError` for a person whose twin is not theirs, as for one who has none."""
    if not owns_person(principal, person):
        raise unknown_twin(person)


def check_speaks_for(principal: Principal, person: str) -> None:
    """Raise `NotAllowedError` for whoever would make something of a person that they are not, known here or not."""
    if not owns_person(principal, person):
        raise NotAllowedError(
            "you can do this for the person whose twin is yours alone; an administrator says who that is, on the page "
            "People or with PATCH /api/users/{user_id}",
            person=principal.person,
        )


def check_consent(principal: Principal, consent: Consent) -> Consent:
    """The consent if it is theirs; else raise `UnknownConsentError` as for one that is not there."""
    if principal.is_admin or consent.person == principal.person:
        return consent
    raise UnknownConsentError("there is no such consent; `folkmoot consent list` shows those there are")


def files_of(principal: Principal, user: str) -> str:
    """Whose files a path names: `me` and one's own id are one's own; an administrator may name any user or room.

    Raises `UnknownFileError` for others' as for what is not there.
    """
    if user == "me":
        return principal.user_id
    if user == principal.user_id or principal.is_admin:
        return user
    raise no_files(user)


def no_files(user: str) -> UnknownFileError:
    """Nothing is kept under this name, or it is not theirs to see."""
    return UnknownFileError(f"no files are kept for '{excerpt(user, 60)}'")


def check_key(principal: Principal, what: str) -> None:
    """Raise `NotAllowedError` for a key with scopes: what it opened by this would be more than it may itself."""
    if principal.scopes is not None and not principal.allows("*"):
        raise NotAllowedError(f"a key that has some scopes alone cannot {what}: that would open more than the key does")


async def check_agent(parts: Parts, principal: Principal, agent_id: str) -> None:
    """Raise `UnknownAgentError`, or `NotAllowedError` for an agent that is not theirs to change."""
    agent = await agent_seen(parts.registry, principal, agent_id)
    if not principal.is_admin and not stands_for(agent, principal):
        raise NotAllowedError(
            f"only an administrator may change {agent.name}, or the person it stands for", agent_id=agent_id
        )


async def check_task(parts: Parts, principal: Principal, task_id: str, *, as_owner: bool = False) -> Task:
    """The task, if they may change it: who handed it in may, and with `as_owner` the person whose twin has it.

    Raises `UnknownTaskError` for one out of their sight, `NotYoursError` for one that they only see.
    """
    sight = await sight_of(parts, principal)
    task = await parts.tasks.find(task_id, sight=sight)
    if sight is None or task.created_by == sight.user_id or (as_owner and task.owner in sight.agent_ids):
        return task
    who = "who handed it in, the person whose twin has it," if as_owner else "who handed it in"
    raise NotYoursError(f"task {task_id} is changed by {who} or an administrator", task_id=task_id)


async def check_sender(parts: Parts, principal: Principal, sender_id: str) -> None:
    """Raise `NotAllowedError` unless they may send as this: as themselves, `user:<user_id>`, or as their twin."""
    if principal.is_admin or sender_id == f"user:{principal.user_id}":
        return
    if sender_id not in await agents_of(parts, principal):
        raise NotAllowedError(
            f"you cannot send as {sender_id}: your sender_id is user:{principal.user_id}, or your twin's agent_id",
            sender_id=sender_id,
        )


class EventSight:
    """Which events somebody is told. Task by task it remembers what it found in sight."""

    def __init__(self, parts: Parts, principal: Principal) -> None:
        self._parts = parts
        self._principal = principal
        self._tasks: set[str] = set()

    async def covers(self, event: Event) -> bool:
        """Whether this event is theirs to hear of; what no rule here knows is for administrators."""
        principal = self._principal
        if principal.is_admin or event.type.startswith(_SHARED) or event.data.get("user_id") == principal.user_id:
            return True
        kind = event.type.partition("_")[0]
        if kind == "task":
            return await self._covers_task(str(event.data.get("task_id", event.subject)))
        if kind == "message":
            theirs = {f"user:{principal.user_id}", *await agents_of(self._parts, principal)}
            return bool(theirs & {event.data.get("sender_id"), event.data.get("recipient_id")})
        if kind in {"consent", "profile"} and principal.person is not None:
            return event.subject in {one.consent_id for one in await self._parts.consents.list(principal.person)}
        if kind == "import" and principal.person is not None:
            return await self._covers_import(event.subject)
        return False

    async def _covers_task(self, task_id: str) -> bool:
        if task_id not in self._tasks:
            self._tasks |= await self._parts.tasks.seen([task_id], await sight_of(self._parts, self._principal))
        return task_id in self._tasks

    async def _covers_import(self, import_id: str) -> bool:
        try:
            return (await self._parts.twins.import_result(import_id)).person == self._principal.person
        except UnknownImportError:
            return False
