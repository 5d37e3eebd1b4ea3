"""A dashboard's questions to roles and departments; each answers `{success, data, error}` (SPEC B3)."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from folkmoot.agents.answers import Answer, answer_of, failure
from folkmoot.agents.letter import Patience
from folkmoot.agents.sender import PATIENCE, Sender
from folkmoot.kernel import FolkmootError
from folkmoot.messaging import AgentMessage, MessageIntent, Priority

SALES_ROLE: Final = "cso"
SALES_DEPARTMENT: Final = "sales"


class Dashboard:
    """Asks by a sender. Who asks for whom is told to the agents as `requester_role`."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def initialize(self) -> None:
        """Join the workplace; twice is once."""
        await self._sender.initialize()

    async def close(self) -> None:
        """Leave it. One that is not closed leaves when the program's event loop ends."""
        await self._sender.close()

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def ask_role(
        self,
        role: str,
        query: str,
        *,
        requester_role: str | None = None,
        context: Mapping[str, Any] | None = None,
        timeout: Patience = PATIENCE,
    ) -> Answer:
        """Ask the least loaded online agent of a role. A `priority` in `context` is the message's, if it is one."""
        return await self._ask(f"role:{role}", query, requester_role, context, timeout)

    async def request_sales_data(
        self,
        requester_role: str,
        query: str,
        context: Mapping[str, Any] | None = None,
        *,
        timeout: Patience = PATIENCE,
    ) -> Answer:
        """Ask the head of sales (role `cso`); where there is none online, anybody online in the sales department."""
        try:
            heads = await self._sender.discover_agents(role=SALES_ROLE, online_only=True)
            others = await self._sender.discover_agents(department=SALES_DEPARTMENT, online_only=True)
        except FolkmootError as error:
            return failure(error.message)
        address = f"role:{SALES_ROLE}" if heads or not others else f"department:{SALES_DEPARTMENT}"
        return await self._ask(address, query, requester_role, context, timeout)

    async def exec_request_department_status(self, department: str, *, timeout: Patience = PATIENCE) -> Answer:
        """Ask everybody of a department where they stand.

        `data` is `{department, agents: {agent_id: its answer, or {status: "offline"} or {error}}}`; it is a success if
        anybody answered, and `error` names those who did not.
        """
        try:
            members = await self._sender.discover_agents(department=department)
        except FolkmootError as error:
            return failure(error.message)
        if not members:
            return failure(
                f"nobody works in the department '{department}'; look at discover_agents() for those there are"
            )
        online = [one.agent_id for one in members if one.presence == "online"]
        asked = await asyncio.gather(*(answer_of(self._status(agent_id, timeout)) for agent_id in online))
        answers = dict(zip(online, asked, strict=True))
        agents = {one.agent_id: _standing(answers.get(one.agent_id), one.presence) for one in members}
        silent = [agent_id for agent_id in agents if not (agent_id in answers and answers[agent_id]["success"])]
        return Answer(
            success=len(silent) < len(agents),
            data={"department": department, "agents": agents},
            error=f"no answer from {', '.join(silent)}" if silent else None,
        )

    async def _status(self, agent_id: str, patience: Patience) -> AgentMessage:
        return await self._sender.send_message(
            agent_id, MessageIntent.AGENT_STATUS, wait_for_response=True, timeout=patience
        )

    async def _ask(
        self, address: str, query: str, requester: str | None, context: Mapping[str, Any] | None, patience: Patience
    ) -> Answer:
        wanted = str((context or {}).get("priority", Priority.NORMAL)).casefold()
        return await answer_of(
            self._sender.send_message(
                address,
                MessageIntent.REQUEST_KNOWLEDGE,
                {"query": query, **({"requester_role": requester} if requester else {})},
                context=context,
                priority=wanted if wanted in {*Priority} else Priority.NORMAL,
                wait_for_response=True,
                timeout=patience,
            )
        )


def _standing(answer: Answer | None, presence: str) -> Any:
    if answer is None:
        return {"status": presence}
    return answer["data"] if answer["success"] else {"error": answer["error"]}
