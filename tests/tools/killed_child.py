"""A process that sends an e-mail by a tool and is killed between the effect and its record.

Usage: killed_child.py HOME MAIL_URL [recover]. Without `recover` it kills itself once the mail was accepted; with it,
it handles the same message twice again, as a restarted server would, and prints what the ledger says.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx

from folkmoot.kernel import SystemClock, new_id
from folkmoot.storage import Base, Database
from folkmoot.tools import ToolContext, tool
from folkmoot.tools.keys import CallRun
from tests.tools.shop import open_shop

MAIL = {"to": "ida@brandt.example", "text": "Hello"}


async def main(home: Path, url: str, *, recover: bool) -> None:
    @tool(effect="external")
    async def send_mail(context: ToolContext, to: str, text: str) -> dict[str, str]:
        """Send an e-mail."""
        async with httpx.AsyncClient(trust_env=False) as client:
            body = {"to": to, "text": text, "key": context.key}
            (await client.post(url, json=body)).raise_for_status()
        if not recover:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"sent": to}

    database = Database(f"sqlite:///{home / 'folkmoot.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    shop = open_shop(database, SystemClock(), home, send_mail, process=new_id())
    if recover:
        print("> unknown", await shop.ledger.recover())
    for _ in range(2 if recover else 1):
        outcome = await shop.desk.call("send_mail", MAIL, agent_id="a", user_id="ida", run=CallRun("the-message"))
        print(">", outcome.status, outcome.call_id)
    await shop.desk.stop()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], recover="recover" in sys.argv))
