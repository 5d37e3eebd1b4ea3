"""Agents of a file in a process of their own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from folkmoot import MessageSender
from folkmoot.agents import AgentDefinition
from folkmoot.assembly import Settings
from folkmoot.assembly.hosting import chosen, hosting
from folkmoot.assembly.lines.choose import Wanted, choose_line
from folkmoot.assembly.lines.line import LinePlace
from folkmoot.assembly.signals import run_until_signal
from folkmoot.home import Home
from folkmoot.messaging import MessageIntent
from folkmoot.registry import UnknownAgentError
from tests.serving import environment, folkmoot
from tests.waiting import wait_until


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home of one's own, and nothing of the developer's environment."""
    for name in ("FOLKMOOT_URL", "REDIS_URL", "FOLKMOOT_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    return Settings.model_validate({"FOLKMOOT_HOME": tmp_path / "home", "MODEL": "offline"})


async def in_the_home(settings: Settings, _: AgentDefinition) -> LinePlace:
    return await choose_line(Wanted(settings=settings))


TEAM = [AgentDefinition(agent_id="cmo", role="CMO"), AgentDefinition(agent_id="cso", role="CSO")]


def test_the_named_ones_are_hosted_and_a_name_that_nobody_has_is_said() -> None:
    assert chosen(TEAM, []) == TEAM
    assert chosen(TEAM, ["cso"]) == [TEAM[1]]
    with pytest.raises(UnknownAgentError, match="no agent 'cfo'; it has cmo, cso"):
        chosen(TEAM, ["cso", "cfo"])


async def test_they_are_up_while_it_lasts_and_known_afterwards(settings: Settings) -> None:
    said: list[str] = []
    async with MessageSender(settings=settings) as sender:
        async with hosting(TEAM, placing=partial(in_the_home, settings), tell=said.append):
            reply = await sender.send_message("role:cso", MessageIntent.HEALTH_CHECK, wait_for_response=True)
            assert reply.sender_id == "cso"
        assert [line.split(" is up at ")[0] for line in said] == ["cmo", "cso"]
        assert [(one.presence, one.owner) for one in await sender.discover_agents()] == [("offline", "database")] * 2
    assert Home(settings.home).owner() is None


async def test_if_one_cannot_start_none_stays(settings: Settings) -> None:
    with pytest.raises(Exception, match="'cmo' already"):
        async with hosting([TEAM[0], TEAM[0]], placing=partial(in_the_home, settings), tell=lambda _: None):
            raise AssertionError("it must not get here")
    assert Home(settings.home).owner() is None


def test_a_signal_ends_them_in_order(settings: Settings) -> None:
    async def run() -> None:
        async with hosting(TEAM, placing=partial(in_the_home, settings), tell=lambda _: None):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()

    async def seen() -> list[str]:
        async with MessageSender(settings=settings) as sender:
            return [one.presence for one in await sender.discover_agents()]

    run_until_signal(run())
    assert asyncio.run(seen()) == ["offline", "offline"]


def test_without_redis_the_command_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "team.json"
    file.write_text(json.dumps({"agents": [{"agent_id": "cmo", "user_name": "C", "role": "cmo"}]}))
    done = folkmoot("agent", "run", str(file), home=tmp_path / "home")
    assert (done.returncode, done.stdout) == (1, "")
    assert "REDIS_URL" in done.stderr
    assert "'cmo'" in done.stderr
    unknown = folkmoot("agent", "run", str(file), "--only", "cfo", home=tmp_path / "home")
    assert (unknown.returncode, "no agent 'cfo'" in unknown.stderr) == (1, True)


@contextmanager
def running(file: Path, *options: str, redis_url: str = "") -> Iterator["subprocess.Popen[str]"]:
    """`folkmoot agent run`, up when the block begins."""
    settings = {"HEARTBEAT_INTERVAL": "0.5"} | ({"REDIS_URL": redis_url} if redis_url else {})
    process = subprocess.Popen(
        [sys.executable, "-m", "folkmoot", "agent", "run", str(file), *options],
        env=environment(file.parent / "home", **settings),
        cwd=file.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert " is up at redis 127.0.0.1:" in process.stdout.readline()
        yield process
        if process.poll() is None:
            process.kill()


async def test_over_redis_they_are_reached_until_a_signal_and_end_in_order(
    settings: Settings, redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "team.json"
    entries = [{"agent_id": name, "role": name, "redis_url": redis_url} for name in ("cmo", "cso")]
    file.write_text(json.dumps({"agents": entries}))
    async with MessageSender(redis_url, settings=settings) as sender:
        with running(file, "--only", "cso") as process:
            assert [one.agent_id for one in await sender.discover_agents(online_only=True)] == ["cso"]
            reply = await sender.send_message("role:cso", MessageIntent.HEALTH_CHECK, wait_for_response=True)
            assert reply.payload.data["agent_id"] == "cso"
            process.terminate()
            assert await asyncio.to_thread(process.wait, 20) == 0
        assert (await sender.get_agent_status("cso"))["status"] == "offline"


@pytest.mark.slow
async def test_a_replica_goes_on_when_the_other_is_killed(settings: Settings, redis_url: str, tmp_path: Path) -> None:
    file = tmp_path / "team.json"
    file.write_text(json.dumps({"agents": [{"agent_id": "cso", "role": "cso"}]}))
    quick = settings.model_copy(update={"heartbeat_interval": 0.5})
    async with MessageSender(redis_url, settings=quick) as sender:
        with running(file, redis_url=redis_url) as one, running(file, redis_url=redis_url) as other:
            one.kill()
            for _ in range(20):
                await sender.send_message("cso", MessageIntent.HEALTH_CHECK, wait_for_response=True, timeout=20)
            assert (await sender.get_agent_status("cso"))["status"] == "online"
            other.kill()

            async def noticed() -> bool:
                return (await sender.get_agent_status("cso"))["status"] == "offline"

            await wait_until(noticed)


def test_the_command_imports_no_web(tmp_path: Path) -> None:
    code = "import sys, folkmoot.assembly.hosting; print({'fastapi', 'nicegui', 'dbos', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
