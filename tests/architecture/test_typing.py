"""The Python API as a type checker sees it: a program of a user passes strictly, and a wrong one is told so."""

import subprocess
import sys
from pathlib import Path

import pytest

import folkmoot

ROOT = Path(__file__).resolve().parents[2]
RIGHT = """
import asyncio
from typing import Any

from folkmoot import (
    AgentCommunicationMixin,
    AgentConfig,
    AgentInfo,
    AgentMessage,
    AgentRegistry,
    Answer,
    BaseAgent,
    DashboardInterface,
    Delivery,
    MessageBroker,
    MessageIntent,
    MessagePayload,
    MessageSender,
    Receipt,
    create_agent_config,
    create_startup_config,
    save_startup_config,
)


class Mine(BaseAgent):
    def __init__(self, config: AgentConfig, knows: str) -> None:
        super().__init__(config)
        self.knows = knows

    async def handle_request_knowledge(self, message: AgentMessage, delivery: Delivery) -> dict[str, Any]:
        await delivery.stream({"chunk": self.knows})
        other: AgentMessage = await self.send_message("role:cso", "chat", wait_for_response=True, timeout=5)
        sent: Receipt = await self.send_message("role:cso", "chat")
        return {"answer": self.knows, "other": other.payload.data, "sent": sent.message_id}

    async def get_supported_intents(self) -> list[str]:
        return [MessageIntent.REQUEST_KNOWLEDGE]

    async def get_agent_capabilities(self) -> list[str]:
        return ["knowing"]


class Old(AgentCommunicationMixin):
    async def _handle_knowledge_request(self, message: AgentMessage) -> dict[str, Any]:
        answer: Answer = await self.request_info_from_agent("cmo", "Why?")
        return {"success": answer["success"]}


async def main() -> None:
    config: AgentConfig = create_agent_config(agent_id="a", user_name="A", capabilities={"knowing": 0.5})
    async with Mine(config, "all") as mine, MessageSender(redis_url=None) as sender:
        known: str = mine.knows
        reply: AgentMessage = await sender.assign_task("a", "T", known, wait_for_response=True)
        payload: MessagePayload = reply.payload
        found: list[str] = [one.agent_id for one in await sender.discover_agents(role="x", online_only=True)]
        status: str = (await sender.get_agent_status("a"))["status"]
        sent: int = (await sender.get_sender_stats())["messages_sent"]
        print(payload, found, status, sent)
    async with DashboardInterface() as dashboard, AgentRegistry() as registry, MessageBroker() as broker:
        print((await dashboard.request_sales_data(requester_role="cmo", query="?", context={}))["data"])
        print(await registry.register_agent(AgentInfo(agent_id="b", name="B")), (await broker.health_check())["error"])
    save_startup_config("team.json", create_startup_config())


asyncio.run(main())
"""
WRONG = """
from folkmoot import BaseAgent, MessageSender, create_agent_config


async def main() -> None:
    sender = MessageSender(redis=1)
    create_agent_config(role="cmo")
    async with BaseAgent(create_agent_config(agent_id="a")) as agent:
        (await agent.send_message("b", "chat")).payload
    await sender.assign_task(agent_id="a", wait_for_response=True)
"""


def checked(program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What mypy says of a program by its own strict rules, not by ours."""
    file = folder / "program.py"
    file.write_text(program)
    cache = ROOT / ".mypy_cache" / "programs"
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", str(file)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.slow
def test_a_program_passes_strictly_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    right = checked(RIGHT, tmp_path)
    assert right.returncode == 0, right.stdout
    wrong = checked(WRONG, tmp_path)
    lines = [int(line.split(":")[1]) for line in wrong.stdout.splitlines() if ": error:" in line]
    assert set(lines) == {6, 7, 9, 10}, wrong.stdout


def test_every_name_of_the_door_can_be_had_and_is_seen_by_type_checkers() -> None:
    source = Path(folkmoot.__file__).read_text(encoding="utf-8")
    seen = source.partition("if TYPE_CHECKING:")[2].partition("_NAMES")[0]
    for name in folkmoot.__all__:
        assert getattr(folkmoot, name) is not None
        assert name == "__version__" or name in seen
