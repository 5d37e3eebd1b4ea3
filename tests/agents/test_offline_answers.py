"""What the teams answer without a language model: the section that fits is quoted first, with its source."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from folkmoot.assembly.settings import load_settings
from folkmoot.assembly.workplace import open_workplace

QUESTIONS = yaml.safe_load(Path(__file__).with_name("offline_questions.yaml").read_text(encoding="utf-8"))
FIRST = re.compile(r"^1\. “.*” \((.*)\)$", re.MULTILINE)


class House:
    """A team that is up, and somebody who asks."""

    def __init__(self, api: httpx.AsyncClient) -> None:
        self.api = api

    async def ask(self, agent: str, message: str, **more: Any) -> str:
        body = {"agent_type": agent, "input_data": {"message": message}, **more}
        said = (await self.api.post("/api/agents/invoke", json=body)).raise_for_status().json()
        assert said["status"] == "success", said
        return str(said["result"]["answer"])

    async def file(self, name: str) -> Any:
        return (await self.api.get(f"/user/me/files/{name}")).raise_for_status().json()


@asynccontextmanager
async def team(home: Path, name: str) -> AsyncIterator[House]:
    settings = load_settings({"FOLKMOOT_HOME": str(home), "MODEL": "offline"}, env_file=None)
    async with open_workplace(settings) as workplace:
        headers = {"Authorization": f"Bearer {workplace.key}"}
        transport = httpx.ASGITransport(app=workplace.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as api:
            (await api.post("/api/initialize", json={"team": name})).raise_for_status()
            yield House(api)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(QUESTIONS))
async def test_the_section_that_fits_is_quoted_first(name: str, tmp_path: Path) -> None:
    wrong: list[str] = []
    total = 0
    async with team(tmp_path / "home", name) as house:
        for agent, asked in QUESTIONS[name].items():
            assert len(asked) >= 10
            for question, section in asked.items():
                total += 1
                answer = await house.ask(agent, question)
                assert "offline" in answer
                cited = FIRST.search(answer)
                if cited is None or f"› {section}, line" not in cited[1]:
                    wrong.append(f"{agent}: {question} → {cited[1] if cited else answer[:200]}")
    print(f"{name}: {total - len(wrong)} of {total}", *wrong, sep="\n")
    assert len(wrong) <= total // 20, "\n".join(wrong)


async def test_what_somebody_did_is_kept_and_shown_again(tmp_path: Path) -> None:
    async with team(tmp_path / "home", "wellness") as house:
        said = await house.ask("helios", "Helios, I did 3 sets of 10 squats today. What helps sore muscles?")
        assert "I took “Helios, I did 3 sets of 10 squats today.” for the tool log_workout" in said
        assert "squats, 3 sets of 10" in said
        assert "› Sore muscles and rest days, line" in said
        (entry,) = await house.file("workouts.json")
        assert (entry["exercise"], entry["sets"], entry["repetitions"]) == ("squats", 3, 10)
        assert "squats, 3 sets of 10" in await house.ask("helios", "what did I do this week?")
        said = await house.ask("ceres", "note that I am vegetarian")
        assert "“I am vegetarian”" in said
        assert "I am vegetarian" in await house.ask("general", "What do you know about me?")
        log = (await house.api.get("/api/logs", params={"limit": 50})).json()["items"]
        assert {"log_workout", "list_workouts", "set_preference", "list_preferences"} <= {one["tool"] for one in log}
        said = await house.ask("helios", "Remove my last workout")
        assert "took back the workout “squats”" in said
        assert await house.file("workouts.json") == []
        # Ceres keeps no workouts: what it may not call is not called, and nothing is pretended.
        assert "took" not in await house.ask("ceres", "I did 3 sets of 10 squats today")
        assert await house.file("workouts.json") == []


async def test_an_agent_says_who_it_is_and_who_else_is_there(tmp_path: Path) -> None:
    async with team(tmp_path / "home", "wellness") as house:
        for greeting in ("Hi!", "Hello Helios", "What can you do?", "Was kannst du alles?", "who are you?"):
            said = await house.ask("helios", greeting)
            assert "I am Helios, fitness coach." in said, greeting
            assert "“Running and recovery”" in said
            assert "How do I do a proper squat?" in said
            assert "Ceres (nutritionist)" in said
            assert "nothing" not in said
        said = await house.ask("helios", "What is the capital of Peru?")
        assert "found nothing about capital, peru" in said
        assert "I am Helios, fitness coach." in said
        assert "Ceres (nutritionist)" in said
        said = await house.ask("helios", "Wie heißt die Hauptstadt von Peru?")
        assert said.startswith("Ich arbeite offline")
        said = await house.ask("helios", "Hi! How do I do a squat properly?")
        assert "I am Helios" not in said
        assert "Sit down as on a low chair" in said
