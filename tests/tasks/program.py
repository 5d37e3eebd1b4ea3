"""A workplace in a process of its own, for tests that kill it: `program.py FOLDER STOP`.

Without a task it creates one; then it serves until the task is settled. Each handling of a question is written to
`handled.log`. STOP names the intent at whose handling number N the process kills itself, as `consult:2`; `-` for never.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from folkmoot.messaging import Delivery, Reply
from folkmoot.registry import AgentInfo
from folkmoot.runs import RunEngine
from folkmoot.storage import Base, Database
from folkmoot.tasks.distribute import RUN_NAME
from folkmoot.tasks.model import NewTask
from tests.tasks.house import House

TEAM = {"ada": 0.9, "ben": 0.85, "cid": 0.8}


async def main(folder: Path, stop: str) -> None:
    database = Database(f"sqlite:///{folder / 'house.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    house = House(database=database, folder=folder)
    await house.broker.start()
    intent, _, number = stop.partition(":")
    handled = {"consult": 0, "negotiate": 0, "award": 0}
    for name, level in TEAM.items():
        await house.join(name, smithing=level)
        info = AgentInfo(agent_id=name, name=name)
        handlers = house.contender.handlers(info)

        async def watched(delivery: Delivery, handlers: object = handlers) -> Reply:
            assert isinstance(handlers, dict)
            message = delivery.message
            reply: Reply = await handlers[message.intent](delivery)
            handled[message.intent] += 1
            with (folder / "handled.log").open("a") as log:
                log.write(f"{message.intent} {message.recipient_id} {message.message_id}\n")
            if message.intent == intent and handled[intent] == int(number):
                os.kill(os.getpid(), signal.SIGKILL)
            return reply

        await house.seats[name].cancel()
        await house.broker.subscribe(name, watched)
    engine = RunEngine(url=f"sqlite:///{folder / 'runs.db'}", clock=house.clock)
    engine.register(RUN_NAME, house.distribute.run)
    desk = house.desk_with(engine)
    await engine.start()
    await desk.resume()
    found, _ = await desk.tasks()
    task = found[0] if found else await desk.create(NewTask(title="Smithing a gate"))
    settled = await desk.wait(task.task_id, seconds=60)
    await engine.result(f"{task.task_id}:{settled.attempt}")
    await engine.stop()
    await house.broker.stop()
    await database.close()
    print(settled.status, settled.owner, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
