"""A server as programs reach it: its REST API in the place of a broker and a registry."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from folkmoot.assembly.joining import JoinError, Workplace
from folkmoot.messaging import AgentMessage, Receipt
from folkmoot.messaging.errors import MessagingError, ReplyTimeoutError
from folkmoot.registry import AgentRecord, UnknownAgentError

LONGEST_WAIT: Final = 300.0
_NOT_FOUND: Final = 404


class ServedLetters:
    """Keeps `folkmoot.agents.reach.Letters` by `POST /api/agents/messages`."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    async def publish(self, message: AgentMessage) -> Receipt:
        """Accept a message for delivery. Raises `JoinError` with the server's words."""
        return _receipt(await self._post("/api/agents/messages", message))

    async def request(self, message: AgentMessage, *, timeout: timedelta) -> AgentMessage:  # noqa: ASYNC109  # see `Broker`
        """Publish and wait for the reply, five minutes at most. Raises `ReplyTimeoutError`, `JoinError`."""
        seconds = min(timeout.total_seconds(), LONGEST_WAIT)
        sent = await self._post("/api/agents/messages", message, wait=math.ceil(seconds * 1000) / 1000)
        if sent.get("reply") is None:
            raise ReplyTimeoutError(
                f"{message.recipient_id} did not answer within {seconds:g} s; message {message.message_id} stays "
                "accepted: repeat the request with the same message_id to go on waiting",
                message_id=message.message_id,
                timeout_seconds=seconds,
            )
        return AgentMessage.model_validate(sent["reply"])

    async def broadcast(self, message: AgentMessage) -> Mapping[str, Receipt | Exception]:
        """Send to everyone the recipient selects."""
        found = await self._post("/api/agents/messages/broadcast", message)
        return {
            agent_id: MessagingError(one["error"])
            if one.get("error")
            else Receipt(message_id=one["message_id"], recipient_id=agent_id)
            for agent_id, one in found["results"].items()
        }

    async def _post(self, path: str, message: AgentMessage, **query: float) -> Any:
        return await self._workplace.call(
            "POST", path, json=message.model_dump(mode="json", exclude_none=True), params=query
        )


class ServedAgents:
    """Keeps `folkmoot.agents.reach.Known` by `GET /api/agents`."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    async def get(self, agent_id: str) -> AgentRecord:
        """One agent. Raises `UnknownAgentError`."""
        try:
            found = _record(await self._workplace.call("GET", f"/api/agents/{agent_id}"))
        except JoinError as error:
            if error.fields.get("status") != _NOT_FOUND:
                raise
            raise UnknownAgentError(error.message, agent_id=agent_id) from error
        if found.agent_id != agent_id:  # the server takes a role for the first agent of it
            raise UnknownAgentError(
                f"there is no agent '{agent_id}'; discover_agents() finds who is", agent_id=agent_id
            )
        return found

    async def discover(
        self,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        intent: str | None = None,
        online_only: bool = False,
    ) -> list[AgentRecord]:
        """The agents that fit everything given."""
        wanted = {"role": role, "department": department, "capability": capability, "intent": intent}
        query: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
        found = await self._workplace.call("GET", "/api/agents", params={**query, "online_only": online_only})
        return [_record(one) for one in found["agents"]]


def _receipt(sent: Mapping[str, Any]) -> Receipt:
    return Receipt(
        message_id=sent["message_id"], recipient_id=sent["recipient_id"], duplicate=sent.get("duplicate", False)
    )


def _record(shown: Mapping[str, Any]) -> AgentRecord:
    return AgentRecord(
        agent_id=shown["agent_id"],
        name=shown["name"],
        type=shown["kind"],
        role=shown["role"],
        department=shown["department"],
        description=shown["description"],
        person=shown["assigned_user"],
        capabilities=shown["capability_levels"],
        supported_intents=shown["supported_intents"],
        max_capacity=shown["max_capacity"],
        metadata={"specialty": shown["type"]} if shown["type"] != shown["kind"] else {},
        presence=shown["status"],
        availability=shown["availability_status"],
        until=shown["available_until"],
        current_workload=shown["current_workload"],
        registered_at=shown["registered_at"],
        last_seen=shown["last_seen"],
        last_active=shown["last_active"],
    )
