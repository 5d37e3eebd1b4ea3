"""The server is killed in the middle of streamed answers: each message that was accepted has its answer, or a failure
that its person can see, and nothing is there or was heard twice.
"""

import asyncio
import socket
import time
from random import Random
from typing import Any, Final

import httpx

from benchmarks.rooms.serve_ours import TOKEN
from chaos.chats import House, Person, answer_to
from chaos.scenarios.stage import Outcome, Stage

KILLS: Final = 50
KILLS_ON_REDIS: Final = 15
PEOPLE: Final = 5


async def run(stage: Stage) -> Outcome:
    """Kill it again and again; then compare what was heard with what is kept."""
    redis_url = stage.server.url if stage.server is not None else ""
    most = KILLS if stage.full or not redis_url else KILLS_ON_REDIS
    house = House(home=stage.folder / "home", port=_free_port(), redis_url=redis_url)
    people = [Person(name=f"p{number}x", url=house.url) for number in range(PEOPLE)]
    random, stop = Random(stage.seed), asyncio.Event()
    began = time.monotonic()
    house.start()
    talking = [asyncio.create_task(one.talk(stop)) for one in people]
    kills = 0
    try:
        while kills < most:
            await _answers(house.url)
            await asyncio.sleep(random.uniform(0.0, 2.0))
            await asyncio.to_thread(house.kill)
            kills += 1
            house.start()
        await _answers(house.url)
        await asyncio.sleep(1)
        stop.set()
        await asyncio.gather(*talking)
        found = await _compared(house.url, people)
    finally:
        for one in talking:
            one.cancel()
        house.kill()
    figures = {"kills": kills, "seconds": time.monotonic() - began, **found}
    said = {
        f"{found['lost']} accepted messages have neither an answer nor a failure": found["lost"] > 0,
        f"{found['twice']} messages or answers are there twice": found["twice"] > 0,
        f"{found['torn']} answers were heard otherwise than they are kept": found["torn"] > 0,
        f"{found['wrong']} answers are not what the agent said": found["wrong"] > 0,
        f"{found['stuck']} messages got no end": found["stuck"] > 0,
        "no line was ever cut: the kills hit nothing": found["lines_cut"] == 0,
    }
    return Outcome(figures=figures, broken=[words for words, is_wrong in said.items() if is_wrong])


async def _compared(url: str, people: list[Person]) -> dict[str, Any]:
    counts = dict.fromkeys(("accepted", "answered", "failed_visibly", "lost", "twice", "torn", "wrong", "stuck"), 0)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
        for one in people:
            kept = await one.kept(client)
            said = [row["content"] for row in kept if row["role"] == "user"]
            answers = {row["message_id"]: row for row in kept if row["role"] == "assistant"}
            counts["accepted"] += len(one.accepted)
            counts["stuck"] += len(one.stuck)
            counts["twice"] += len(said) - len(set(said)) + abs(len(said) - len(answers))
            for text, answer_id in one.accepted.items():
                row = answers.get(answer_id)
                if text not in said or row is None or row["status"] not in ("answered", "failed"):
                    counts["lost"] += 1
                elif row["status"] == "failed":
                    counts["failed_visibly"] += 1
                else:
                    counts["answered"] += 1
                    counts["wrong"] += row["content"] != answer_to(text)
                    counts["torn"] += text in one.heard and one.heard[text] != row["content"]
    return {**counts, "lines_cut": sum(one.cut for one in people)}


async def _answers(url: str) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + 60
    async with httpx.AsyncClient(base_url=url, timeout=5, trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                if (await client.get("/")).status_code < 500:  # any word of it will do
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.02)
    raise TimeoutError("the server did not come back within a minute")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
