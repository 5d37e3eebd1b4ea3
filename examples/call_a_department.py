"""One message to a whole department, with what became of it at each; and the state of the department, asked for."""

import asyncio
from typing import Any

from folkmoot import AgentMessage, BaseAgent, DashboardInterface, MessageIntent, MessageSender, create_agent_config


class Colleague(BaseAgent):
    """Hears the news, and says what it is doing when somebody asks."""

    def __init__(self, name: str, department: str, doing: str) -> None:
        super().__init__(create_agent_config(agent_id=f"agent.{name}", user_name=name, department=department))
        self.doing = doing
        self.heard = asyncio.Event()

    async def handle_notification(self, message: AgentMessage) -> None:
        print(f"{self.agent_id} hears: {message.payload.data['news']}")
        self.heard.set()

    async def handle_agent_status(self, message: AgentMessage) -> dict[str, Any]:
        return {"status": "success", "doing": self.doing}


async def main() -> None:
    maya = Colleague("maya", "marketing", "holiday campaign in review")
    ned = Colleague("ned", "marketing", "three articles drafted")
    carla = Colleague("carla", "sales", "on the phone")
    async with MessageSender() as sender, DashboardInterface() as dashboard, maya, ned, carla:
        results = await sender.broadcast_message(
            MessageIntent.NOTIFICATION, {"news": "team meeting at 3 PM"}, department="marketing"
        )
        print({agent_id: result["status"] for agent_id, result in results.items()})
        await asyncio.gather(maya.heard.wait(), ned.heard.wait())

        marketing = await dashboard.exec_request_department_status("marketing")
        print(marketing["data"]["agents"])
        print((await dashboard.exec_request_department_status("astronomy"))["error"])


asyncio.run(main())
