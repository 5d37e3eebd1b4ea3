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
