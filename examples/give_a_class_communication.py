"""A class that existed before is given communication, and keeps its base classes, its constructor and its methods.

`AgentCommunicationMixin` adds one thing to it: an agent that speaks for it. The class's own methods answer.
"""

import asyncio
from typing import Any

from folkmoot import AgentCommunicationMixin, AgentMessage


class Warehouse:
    """What there was before: it knows nothing of agents."""

    def __init__(self) -> None:
        self.stock = {"espresso beans": 120, "oat milk": 8}

    def count(self, article: str) -> int:
        return self.stock.get(article, 0)


class TalkingWarehouse(AgentCommunicationMixin, Warehouse):
    """The same, reachable as the agent `warehouse.north`."""

    async def open(self) -> None:
        await self.initialize_communication(
            agent_id="warehouse.north", role="warehouse", department="logistics", capabilities=["stock"]
        )

    async def _handle_knowledge_request(self, message: AgentMessage) -> dict[str, Any]:
        article = message.payload.data["query"]
        return {"status": "success", "article": article, "in_stock": self.count(article)}


class Shop(AgentCommunicationMixin):
    """Somebody who asks. An answer is `{success, data, error}`: nobody there is an answer too, and no exception."""

    async def open(self) -> None:
        await self.initialize_communication(agent_id="shop.web", role="shop", department="sales")

    async def can_sell(self, article: str) -> str:
        answer = await self.request_info_from_agent("warehouse", article, timeout=10)
        if not answer["success"]:
            return f"{article}: nobody knows ({answer['error']})"
        return f"{article}: {answer['data']['in_stock']} in stock"


async def main() -> None:
    shop, warehouse = Shop(), TalkingWarehouse()
    await shop.open()
    print(await shop.can_sell("oat milk"))  # there is no warehouse yet
    await warehouse.open()
    print(await shop.can_sell("oat milk"))
    # Nothing is closed here: an agent of a program that ends goes offline with it.


asyncio.run(main())
