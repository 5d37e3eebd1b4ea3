"""A whole server with a bridge: it answers, says how it stands, and keeps over `kill -9` what it owes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bridge.outside import Outside
from tests.serving import Served, environment, serve
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


@pytest.fixture
async def served(tmp_path: Path, server: Outside) -> AsyncIterator[Served]:
    workplace = tmp_path / "workplace.yaml"
    workplace.write_text("agents:\n  - {agent_id: helios, name: Helios, role: Coach}\n")
    found = await asyncio.to_thread(
        serve, tmp_path / "home", EXTERNAL_WS_URL=server.url, WORKPLACE_FILE=str(workplace), BRIDGE_HEARTBEAT="1"
    )
    yield found
    if found.process.poll() is None:
        await asyncio.to_thread(found.stop)


def asking(served: Served, token: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else served.client().headers
    return httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30, trust_env=False)


async def status(http: httpx.AsyncClient) -> dict[str, Any]:
    answer = await http.get("/external-status")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_server_answers_on_its_bridge_and_says_how_it_stands(served: Served, server: Outside) -> None:
    await server.say({"id": "q-1", "message": "Shall I run?"})
    await wait_until(lambda: len(server.frames) >= 1, seconds=30)
    said = server.frames[0]
    assert (said["in_reply_to"], said["from"], said["agent_id"]) == ("q-1", "folkmoot", "helios"), said
    assert said["message"].strip()
    async with asking(served) as http:
        found = await status(http)
        [bridge] = found.pop("bridges")
        assert found == {
            "connected": True,
            "url": f"ws://127.0.0.1:{server.port}/ws/external-socket-user",
            "user_id": "external-socket-user",
            "reconnect_attempts": 0,
            "handlers_count": 1,
        }
        assert (bridge["name"], bridge["here"], bridge["counts"]["in"]) == ("external", True, 1)
        health = (await http.get("/health")).json()
        assert health["components"]["bridges"] == {"status": "ok", "detail": "1 of 1 connected"}
        sent = (await http.post("/send-to-external", json={"content": "Hello out there", "agent": "General"})).json()
        assert (sent["success"], sent["queued"], sent["error"]) == (True, False, None)
        assert server.frames[-1] | {"message": "Hello out there", "agent": "General"} == server.frames[-1]
        figures = (await http.get("/metrics")).text
        assert 'folkmoot_bridge_connected{bridge="external"} 1.0' in figures
        assert 'folkmoot_bridge_frames_total{bridge="external",direction="out"} 2.0' in figures
        again = await http.post("/api/bridges/external/reconnect")
        assert again.status_code == 200
        await wait_until(lambda: len(server.paths) == 2)
        assert (await http.post("/api/bridges/other/reconnect")).status_code == 404


async def test_what_is_sent_while_it_is_away_is_kept_over_a_kill(served: Served, server: Outside) -> None:
    await server.connected()
    await server.close()
    async with asking(served) as http:
        await wait_until(lambda: _away(http), seconds=20)
        queued = (await http.post("/send-to-external", json={"message": "Kept for you"})).json()
        assert (queued["success"], queued["queued"]) == (False, True)
        assert "connection was refused" in queued["error"]
        health = (await http.get("/health")).json()
        assert (health["status"], health["components"]["bridges"]["status"]) == ("degraded", "degraded")
        async with httpx.AsyncClient(base_url=served.url, trust_env=False) as stranger:
            bare = (await stranger.get("/health")).json()
        assert bare["components"]["bridges"]["detail"] is None, "what a bridge says of itself is nobody's outside"
    await asyncio.to_thread(served.kill)
    await server.open()
    again = await asyncio.to_thread(serve, served.home, EXTERNAL_WS_URL=server.url)
    try:
        [said] = await server.answered()
        assert (said["message"], said["id"]) == ("Kept for you", queued["id"])
    finally:
        await asyncio.to_thread(again.stop)


async def test_without_a_bridge_it_says_so(tmp_path: Path) -> None:
    served = await asyncio.to_thread(serve, tmp_path / "home")
    try:
        async with asking(served) as http:
            empty = {"connected": False, "url": "", "user_id": "", "reconnect_attempts": 0, "handlers_count": 0}
            assert await status(http) == empty | {"bridges": []}
            sent = await http.post("/send-to-external", json={"content": "Hello", "agent": "General"})
            assert (sent.status_code, sent.json()["success"]) == (200, False)
            assert "EXTERNAL_WS_URL" in sent.json()["error"]
            assert (await http.get("/health")).json()["components"]["bridges"]["status"] == "not_configured"
            assert (await http.post("/send-to-external", json={"agent": "General"})).status_code == 422
            viewer = (await http.post("/api/users", json={"name": "vic", "role": "viewer"})).json()
            key = (await http.post("/api/keys", json={"name": "k", "user_id": viewer["user_id"]})).json()
        async with asking(served, key["key"]) as http:
            assert (await http.get("/external-status")).status_code == 200
            assert (await http.post("/send-to-external", json={"content": "Hello"})).status_code == 403
    finally:
        await asyncio.to_thread(served.stop)


async def test_a_wrong_address_stops_the_start_in_one_line(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "folkmoot", "serve"),
        env=environment(tmp_path, EXTERNAL_WS_URL="http://chat.example/?token=secret"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = (await process.stderr.read()).decode()
    assert await process.wait() == 1
    assert said.startswith("folkmoot: EXTERNAL_WS_URL is wrong: it must begin with ws:// or wss://")
    assert "secret" not in said


async def _away(http: httpx.AsyncClient) -> bool:
    found = await status(http)
    return not found["connected"] and found["reconnect_attempts"] >= 1
