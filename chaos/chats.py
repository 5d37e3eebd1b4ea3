"""A server that is killed while it answers, and the people who talk to it: what each heard, and what was kept."""

import asyncio
import contextlib
import json
import multiprocessing
import time
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.rooms.serve_ours import TOKEN, serve
from folkmoot.agents import AgentDefinition, BaseAgent
from folkmoot.messaging import AgentMessage, Delivery, Reply

WORDS: Final = 30
PAUSE_SECONDS: Final = 0.02
PATIENCE_SECONDS: Final = 90.0


def answer_to(said: str) -> str:
    """What the agent says: so that whoever hears it knows whether it is whole."""
    return "".join(f"{said}-{number} " for number in range(WORDS))


class Counting(BaseAgent):
    """Says its answer word by word."""

    async def handle_chat(self, message: AgentMessage, delivery: Delivery) -> Reply:
        said = str(message.payload.data["message"])
        at = 0
        for number in range(WORDS):
            word = f"{said}-{number} "
            await delivery.stream({"chunk": word, "at": at, "attempt": delivery.attempt})
            at += len(word)
            await asyncio.sleep(PAUSE_SECONDS)
        return {"status": "success", "answer": answer_to(said)}


def serve_chats(home: Path, port: int, redis_url: str) -> None:
    """The server, in a process of its own."""
    agent = Counting(AgentDefinition(agent_id="counting", name="Counting", description="Counts."))
    # A dead process is noticed after one and a half heartbeats: in lives this short, the usual ones would be too long.
    more = {"REDIS_URL": redis_url, "HEARTBEAT_INTERVAL": "0.5"} if redis_url else {}
    with contextlib.redirect_stdout(None):
        asyncio.run(serve(home, [agent], until=asyncio.Event().wait(), port=port, **more))


@dataclass
class House:
    """The server, which can be killed."""

    home: Path
    port: int
    redis_url: str = ""
    process: ForkServerProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; whoever asks waits until it answers."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["chaos.chats", "folkmoot.models.loop", "folkmoot.assembly.rooms"])
        self.process = context.Process(target=serve_chats, args=(self.home, self.port, self.redis_url), daemon=True)
        self.process.start()

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.join()


@dataclass
class Person:
    """Somebody who says one thing after another, comes back to whatever was cut off, and notes what they heard."""

    name: str
    url: str
    accepted: dict[str, str] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    stuck: list[str] = field(default_factory=list)

    @property
    def conversation(self) -> str:
        return f"talk_{self.name}"

    async def talk(self, stop: asyncio.Event) -> None:
        """Say things until told to stop; the last one is heard to its end."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10, trust_env=False) as client:
            number = 0
            while not stop.is_set():
                await self._say(client, f"{self.name}{number}")
                number += 1

    async def _say(self, client: httpx.AsyncClient, said: str) -> None:
        hearing, deadline = Hearing(self, said), time.monotonic() + PATIENCE_SECONDS
        body = {"message": said, "agent": "counting", "conversation_id": self.conversation, "client_id": said}
        while time.monotonic() < deadline:
            headers = {"Last-Event-ID": hearing.place} if hearing.place else {}
            try:
                async with client.stream("POST", "/api/chat/stream", json=body, headers=headers) as answer:
                    if answer.status_code >= 500:  # it is ending, or not all there yet
                        await asyncio.sleep(0.05)
                        continue
                    answer.raise_for_status()
                    async for line in answer.aiter_lines():
                        hearing.line(line)
                        if hearing.ended:
                            return
            except httpx.TransportError:
                self.cut += 1
                await asyncio.sleep(0.05)
        self.stuck.append(said)

    async def kept(self, client: httpx.AsyncClient) -> list[dict[str, Any]]:
        """The whole history of this person's conversation."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
            answer = await client.get(f"/api/chat/history/{self.conversation}", params=params)
            page = answer.raise_for_status().json()
            found = page["messages"] + found
            cursor = page["next"]
            if cursor is None:
                return found


class Hearing:
    """One answer as its person hears it, over as many lines as that takes."""

    def __init__(self, person: Person, said: str) -> None:
        self._person = person
        self._said = said
        self._kind = ""
        self._text = ""
        self.place = ""
        self.ended = False

    def line(self, line: str) -> None:
        """A line of the stream."""
        name, _, value = line.partition(": ")
        if name == "id":
            self.place = value
            self._person.accepted[self._said] = value.partition(":")[0]
        elif name == "event":
            self._kind = value
        elif name == "data":
            self._event(json.loads(value))

    def _event(self, data: dict[str, Any]) -> None:
        match self._kind:
            case "chunk":
                self._text += data["chunk"]
            case "reset":
                self._text = ""
            case "done":
                self._person.heard[self._said] = self._text
                self.ended = True
            case "error":
                self._person.failed[self._said] = data["error"]
                self.ended = True
