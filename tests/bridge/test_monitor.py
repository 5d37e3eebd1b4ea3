"""`folkmoot monitor` against a real server: what it shows, what it sends, and how it ends."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from tests.bridge.outside import Outside
from tests.serving import environment
from tests.waiting import wait_until


async def started(home: Path, *arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "folkmoot", "monitor", *arguments),
        stdin=pipe, stdout=pipe, stderr=pipe, env=environment(home),
    )  # fmt: skip


async def ended(process: asyncio.subprocess.Process, typed: bytes | None = None) -> tuple[int, str, str]:
    async with asyncio.timeout(40):
        out, err = await process.communicate(typed)
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
def url(server: Outside) -> str:
    return server.url.replace("{user_id}", "me")


async def greet(line: ServerConnection) -> None:
    await line.send(json.dumps({"type": "hello", "names": ["Zoë"]}))
    await line.send(b"\x00\xff")
    await line.send("plain \x1b[31mred")


async def repeat(line: ServerConnection, text: str) -> None:
    await line.send(f"echo {text}")
    if text == "bye":
        await line.close()
    if text == "boom":
        line.transport.abort()


async def test_it_shows_frames_and_sends_lines(server: Outside, url: str, tmp_path: Path) -> None:
    server.greet, server.on_text = greet, repeat
    code, out, err = await ended(await started(tmp_path, url), b"hello\n\nbye\n")
    assert (code, err) == (0, "")
    assert server.heard == ["hello", "bye"]
    for part in ('"type": "hello"', "Zoë", "2 bytes: 00 ff", "plain \\x1b[31mred", "→ hello", "← echo hello"):
        assert part in out
    assert out.rstrip().endswith("closed (1000)")
    assert "\x1b" not in out, "a stranger's signs command no terminal"


async def test_for_programs_each_frame_is_a_line_of_json(server: Outside, url: str, tmp_path: Path) -> None:
    server.greet, server.on_text = greet, repeat
    code, out, _ = await ended(await started(tmp_path, url, "--json", "--header", "Authorization=Bearer x"), b"bye\n")
    said: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert server.authorizations == ["Bearer x"]
    assert (said[0]["event"], said[-1]["event"], said[-1]["code"]) == ("open", "closed", 1000)
    heard = [one for one in said if one["event"] == "in"]
    assert heard[0]["data"] == {"type": "hello", "names": ["Zoë"]}
    assert (heard[1]["bytes"], heard[1]["hex"]) == (2, "00ff")
    assert heard[2]["text"] == "plain \x1b[31mred"
    assert all(one["at"].endswith("Z") for one in said)


async def test_ctrl_c_ends_it_in_good_order(server: Outside, url: str, tmp_path: Path) -> None:
    process = await started(tmp_path, url)
    assert process.stdout is not None
    assert b"open ws://" in await process.stdout.readline()
    await server.connected()
    line = server.lines[-1]
    process.send_signal(signal.SIGINT)
    code, out, err = await ended(process)
    assert (code, err) == (130, "")
    assert out.rstrip().endswith("closed (1000)")
    await wait_until(lambda: line.close_code == 1000)


async def test_it_ends_after_a_while_if_it_is_told_to(server: Outside, url: str, tmp_path: Path) -> None:
    server.greet = greet
    code, out, err = await ended(await started(tmp_path, url, "--for", "1.5"))
    assert (code, err) == (0, "")
    assert '"type": "hello"' in out


async def test_it_connects_again(server: Outside, url: str, tmp_path: Path) -> None:
    await server.close()
    process = await started(tmp_path, url, "--reconnect")
    assert process.stderr is not None
    assert process.stdin is not None
    first = await process.stderr.readline()
    assert b"nothing listens there" in first
    assert b"trying again" in first
    server.on_text = repeat
    await server.open()
    await server.connected()
    process.stdin.write(b"boom\n")
    await wait_until(lambda: len(server.paths) == 2, seconds=30)
    process.send_signal(signal.SIGINT)
    code, out, _ = await ended(process)
    assert code == 130
    assert out.count("open ws://") == 2


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("ws://127.0.0.1:1/", 1, "cannot connect to ws://127.0.0.1:1/: nothing listens there"),
        ("http://127.0.0.1:1/", 2, "does not begin with ws:// or wss://"),
        ("ws://no-such-host.invalid/", 1, "cannot connect to ws://no-such-host.invalid/"),
    ],
)
async def test_a_wrong_address_is_said_in_a_line(tmp_path: Path, url: str, code: int, said: str) -> None:
    found, out, err = await ended(await started(tmp_path, url))
    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


async def test_a_broken_connection_is_a_failure(server: Outside, url: str, tmp_path: Path) -> None:
    server.on_text = repeat
    code, _, err = await ended(await started(tmp_path, url), b"boom\n")
    assert (code, err) == (1, f"folkmoot: {url}: the connection broke off\n")
