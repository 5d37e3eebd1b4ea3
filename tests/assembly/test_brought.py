"""Agents and tools that a program brings along: hosted, found and asked like those of the workplace file."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from folkmoot import AgentMessage, BaseAgent, create_agent_config
from folkmoot.assembly.settings import Settings, load_settings
from folkmoot.assembly.workplace import open_workplace
from folkmoot.tools import ToolContext, tool
from folkmoot.tools.errors import ToolDefinitionError


class Barometer(BaseAgent):
    async def handle_chat(self, message: AgentMessage) -> dict[str, Any]:
        return {"status": "success", "answer": f"High pressure in {message.payload.data['message']}."}


@tool(effect="read", said_like=["what goes with {dish}?"])
async def pairing(context: ToolContext, dish: str) -> dict[str, str]:
    """Say what to drink with a dish.

    Args:
        dish: What is served.
    """
    return {"summary": f"With {dish}: a dry cider.", "by": context.agent_id}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"FOLKMOOT_HOME": str(tmp_path / "home"), "MODEL": "offline"}, env_file=None)


async def test_they_are_asked_like_any_other_and_stay_when_the_team_changes(settings: Settings) -> None:
    weather = Barometer(create_agent_config(agent_id="weather", user_name="Weather", role="meteorologist"))
    waiter = create_agent_config(agent_id="waiter", user_name="Waiter", specialty="drinks", tools=["pairing"])
    async with open_workplace(settings, agents=[weather, waiter], tools=[pairing]) as workplace:
        headers = {"Authorization": f"Bearer {workplace.key}"}
        transport = httpx.ASGITransport(app=workplace.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as api:

            async def ask(agent: str, said: str) -> str:
                body = {"agent_type": agent, "input_data": {"message": said}}
                answer = (await api.post("/api/agents/invoke", json=body)).raise_for_status().json()
                return str(answer["result"]["answer"])

            for team in (None, "wellness"):
                if team:
                    (await api.post("/api/initialize", json={"team": team})).raise_for_status()
                assert await ask("weather", "Oslo") == "High pressure in Oslo."
                assert "With baked trout: a dry cider." in await ask("drinks", "What goes with baked trout?")
            assert "Weather (meteorologist)" in await ask("helios", "Hello!")


async def test_a_tool_whose_name_is_taken_stops_the_start(settings: Settings) -> None:
    with pytest.raises(ToolDefinitionError, match="already"):
        async with open_workplace(settings, tools=[pairing, pairing]):
            pass


def test_a_phrase_that_names_no_argument_is_refused() -> None:
    with pytest.raises(ToolDefinitionError, match="no argument"):

        @tool(effect="read", said_like=["open {door}"])
        async def opening(context: ToolContext, gate: str) -> str:
            """Open a gate."""
            return gate + context.key
