"""A CMO asks the CSO: two agents of one program, one question, one answer.

Run it as it is: both live in this process, and their mail in FOLKMOOT_HOME. With REDIS_URL set, each could run in a
program of its own on a machine of its own, unchanged.
"""

import asyncio
from typing import Any

from folkmoot import AgentMessage, BaseAgent, MessageIntent, create_agent_config


class SalesChief(BaseAgent):
    """Answers from the figures it holds. A method `handle_<intent>` is all that an agent needs for an intent."""

    pipeline = 2_400_000

    async def handle_request_knowledge(self, message: AgentMessage) -> dict[str, Any]:
        return {"status": "success", "asked": message.payload.data["query"], "pipeline": self.pipeline}


class MarketingChief(BaseAgent):
    """Asks whoever holds the role `cso`, without knowing who that is or where they run."""

    async def plan(self) -> str:
        reply = await self.send_message(
            "role:cso",
            MessageIntent.REQUEST_KNOWLEDGE,
            {"query": "How large is the pipeline for Q4?"},
            wait_for_response=True,
            timeout=10,
        )
        return f"{reply.sender_id} says {reply.payload.data['pipeline']:,}, so we spend a tenth of it on Q4."


async def main() -> None:
    sales = create_agent_config(agent_id="agent.dana", user_name="Dana", role="cso", department="sales")
    marketing = create_agent_config(agent_id="agent.john", user_name="John", role="cmo", department="marketing")
    async with SalesChief(sales), MarketingChief(marketing) as cmo:
        print(await cmo.plan())


asyncio.run(main())
