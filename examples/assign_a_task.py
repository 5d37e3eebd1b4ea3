"""A program that is no agent: it assigns a task, waits for the answer, and leaves a second one for later.

The agent stands in this file so that the example runs alone. Usually it runs elsewhere; the sender does not care.
"""

import asyncio
from typing import Any

from folkmoot import AgentMessage, BaseAgent, FolkmootError, MessageSender, create_agent_config

SARAH = create_agent_config(
    agent_id="agent.sarah",
    user_name="Sarah",
    role="content_agent",
    department="marketing",
    capabilities=["content_creation", "seo_optimization"],
)


class Writer(BaseAgent):
    """Accepts what it is given, and notes that there was something."""

    def __init__(self) -> None:
        super().__init__(SARAH)
        self.busy = asyncio.Event()

    async def handle_assign_task(self, message: AgentMessage) -> dict[str, Any]:
        task = message.payload.data
        print(f"Sarah: {task['task_id']}, {task['description']} ({message.payload.priority})")
        self.busy.set()
        return {"status": "accepted", "task_id": task["task_id"]}


async def main() -> None:
    async with MessageSender() as sender:
        async with Writer():
            able = await sender.discover_agents(capability="content_creation", online_only=True)
            print("able:", [agent.agent_id for agent in able])
            reply = await sender.assign_task(
                "agent.sarah", "TASK_001", "Write the page about oat milk", priority="high", wait_for_response=True
            )
            print("answer:", reply.payload.data)
        # She is offline now, and known: what is sent to her waits, also when this program ends before she is back.
        await sender.assign_task("agent.sarah", "TASK_002", "Shorten it")
        print("status:", (await sender.get_agent_status("agent.sarah"))["status"])
        try:
            await sender.assign_task("agent.nobody", "TASK_003", "Nobody will do this", wait_for_response=True)
        except FolkmootError as error:
            print("refused:", error)
        async with Writer() as sarah:
            await sarah.busy.wait()  # what waited is handed to her at once


asyncio.run(main())
