"""An agent in a process of its own whose handler takes a while and has its effect in the transaction it is given.

    python -m tests.acceptance.ledger_agent BEGUN SECONDS

Appends a line to BEGUN for each message that it begins, works SECONDS, then inserts into `effects` of DATABASE_URL.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import text

from folkmoot import BaseAgent, create_agent_config
from folkmoot.messaging import Delivery


def working(begun: Path, seconds: float) -> Any:
    """The handler."""

    async def handle(delivery: Delivery) -> dict[str, Any]:
        message_id = delivery.message.message_id
        with begun.open("a") as file:
            file.write(f"{message_id}\n")
        await asyncio.sleep(seconds)
        reply = {"of": message_id}
        async with delivery.transaction(reply) as session:
            await session.execute(text("INSERT INTO effects VALUES (:id)"), {"id": message_id})
        return reply

    return handle


async def run(begun: Path, seconds: float) -> None:
    config = create_agent_config(agent_id="clerk", user_name="Clerk", role="clerk")
    async with BaseAgent(config, handlers={"custom:note": working(begun, seconds)}):
        print("clerk is up at work", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2])))
