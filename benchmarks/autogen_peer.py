"""Round trips over autogen-core's `SingleThreadedAgentRuntime`. Runs in the peers' environment, without Folkmoot."""

import asyncio
import sys
import time
from dataclasses import dataclass

from autogen_core import (  # type: ignore[import-not-found]  # only the peers' environment has it
    AgentId,
    MessageContext,
    RoutedAgent,
    SingleThreadedAgentRuntime,
    message_handler,
)


@dataclass
class Question:
    """About 500 bytes."""

    text: str


@dataclass
class Answer:
    """What comes back."""

    ok: bool


class Answering(RoutedAgent):  # type: ignore[misc]  # its base is not known outside of the peers' environment
    """Answers at once."""

    @message_handler  # type: ignore[untyped-decorator]  # see above
    async def answer(self, message: Question, ctx: MessageContext) -> Answer:
        """The answer."""
        del ctx  # autogen looks for arguments of these names
        return Answer(ok=bool(message.text))


async def seconds(count: int, senders: int) -> float:
    """Seconds for so many round trips by so many senders, each one after another."""
    runtime = SingleThreadedAgentRuntime()
    await Answering.register(runtime, "agent", lambda: Answering("answers"))
    runtime.start()
    agent = AgentId("agent", "default")

    async def ask() -> None:
        for _ in range(count // senders):
            await runtime.send_message(Question("x" * 500), agent)

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(senders)))
    took = time.perf_counter() - began
    await runtime.stop()
    return took


def main() -> None:
    """`count senders`: prints the seconds."""
    print(asyncio.run(seconds(int(sys.argv[1]), int(sys.argv[2]))))
