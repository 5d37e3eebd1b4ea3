"""A server that drops, stalls, sends garbage and too much, comes late, or is no place to call."""

import asyncio
import json
from datetime import timedelta

import pytest
from websockets.asyncio.server import ServerConnection

from folkmoot.bridge import BridgeDesk, BridgeLimits
from folkmoot.security.urls import UrlGuard
from tests.bridge.outside import QUICK, Outside, bridged, count, counted, entry
from tests.conversations.house import Talkhouse, Words
from tests.waiting import wait_until

SHORT = timedelta(milliseconds=100)
MEBIBYTE = 1024 * 1024


async def problem(desk: BridgeDesk) -> str:
    [state] = await desk.states()
    return state.problem or ""


async def said_of(desk: BridgeDesk, part: str) -> None:
    """Return once the bridge says this of itself."""
    deadline = asyncio.get_running_loop().time() + 10
    while part not in await problem(desk):
        assert asyncio.get_running_loop().time() < deadline, await desk.states()
        await asyncio.sleep(0.01)


async def test_a_server_that_is_absent_at_the_start_comes_later(house: Talkhouse, server: Outside) -> None:
    await server.close()
    async with bridged(house, entry(server)) as desk:
        await said_of(desk, "nothing listens there")
        [state] = await desk.states()
        assert (state.connected, state.attempts >= 1) == (False, True)
        await server.open()
        await server.say("Shall I run?")
        await server.answered()
        [state] = await desk.states()
        assert (state.connected, state.attempts, state.problem) == (True, 0, None)


async def test_a_server_that_drops_is_called_again(house: Talkhouse, server: Outside) -> None:
    async def drop(line: ServerConnection, _text: str) -> None:
        line.transport.abort()

    server.on_text = drop
    async with bridged(house, entry(server)) as desk:
        await server.say("one")
        await counted(desk, "connects", 3)  # each time the answer goes out it drops again
        server.on_text = None
        await wait_until(lambda: len(server.answers) >= 2)
        assert len({one["id"] for one in server.answers}) == 1, "the same frame, known by its id"


async def test_what_settles_while_the_socket_is_down_goes_out_once_afterwards(
    house: Talkhouse, server: Outside
) -> None:
    words = Words(("Run ", "slowly."))
    await house.agent("slow", words)
    async with bridged(house, entry(server, agent="slow")) as desk:
        await server.say({"id": "q", "message": "Shall I run?"})
        await counted(desk, "asked")
        await server.close()
        await said_of(desk, "refused")
        words.let_all()
        await counted(desk, "answered")
        [state] = await desk.states()
        assert (state.waiting, state.connected) == (1, False)
        queued = await desk.send("And drink.", agent="General", patience=SHORT)
        assert (queued.sent, "refused" in (queued.problem or "")) == (False, True)
        await server.open()
        answers = await server.answered(2)
        await counted(desk, "out", 2)
        assert [one["message"] for one in answers] == ["Run slowly.", "And drink."]
        assert (await desk.states())[0].waiting == 0


async def test_what_waits_outlives_the_process(house: Talkhouse, server: Outside) -> None:
    words = Words(("Slowly.",))
    await house.agent("slow", words)
    async with bridged(house, entry(server, agent="slow")) as desk:
        await server.say({"id": "q", "message": "Shall I run?"})
        await counted(desk, "asked")
        await server.close()
        await said_of(desk, "refused")
        await desk.send("First.", agent="General", patience=SHORT)
    words.let_all()  # it settles while no bridge is there
    await server.open()
    async with bridged(house, entry(server, agent="slow")) as desk:
        answers = await server.answered(2)
        await counted(desk, "out", 2)
    assert sorted(one["message"] for one in answers) == ["First.", "Slowly."]
    async with bridged(house, entry(server, agent="slow")):
        await server.connected()
        await server.say("Anything else?")
        words.let_all()
        await server.answered(3)
    assert len(server.answers) == 3, "nothing is sent again"


async def test_a_stalled_server_is_noticed(house: Talkhouse, server: Outside) -> None:
    async def stall(line: ServerConnection) -> None:
        line.transport.pause_reading()

    server.greet = stall
    async with bridged(house, entry(server)) as desk:
        await said_of(desk, "stalled")
        server.greet = None
        await counted(desk, "connects", 2)


async def test_a_server_that_reads_nothing_does_not_hold_what_is_sent(house: Talkhouse, server: Outside) -> None:
    async def stall(line: ServerConnection) -> None:
        line.transport.pause_reading()

    server.greet = stall
    patient = BridgeLimits(per_minute=1000)
    async with bridged(house, entry(server), limits=patient) as desk:
        await counted(desk, "connects")
        for number in range(40):
            await desk.send(f"{number} " + "x" * 9_900, agent="General", patience=timedelta(0))
        await said_of(desk, "stalled")
        server.greet = None
        answers = await server.answered(40)
    assert len({one["id"] for one in answers}) == 40


async def test_a_handshake_that_never_ends_is_given_up(house: Talkhouse) -> None:
    held: list[asyncio.StreamWriter] = []

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    other = Outside(port=listening.sockets[0].getsockname()[1])
    hasty = QUICK.__class__(connect=timedelta(milliseconds=200), first_pause=QUICK.first_pause)
    async with bridged(house, entry(other), times=hasty) as desk:
        await said_of(desk, "did not answer in time")
    for writer in held:
        writer.close()
    listening.close()


async def test_what_is_no_websocket_server_is_said(house: Talkhouse) -> None:
    async def page(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/inside\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(page, "127.0.0.1", 0)
    other = Outside(port=listening.sockets[0].getsockname()[1])
    async with bridged(house, entry(other)) as desk:
        await said_of(desk, "redirect")
    listening.close()


async def test_garbage_is_passed_over_and_the_line_stays_open(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)) as desk:
        await server.say(b"\xff\xfe\x00garbage")
        await counted(desk, "garbage")
        line = server.lines[-1]
        line.transport.write(bytes([0x81, 2, 0xC3, 0x28]))  # a text frame whose UTF-8 is broken
        await counted(desk, "garbage", 2)
        for nothing in ("", "  ", "{}", '{"type": "typing"}', '{"message": 5}', '{"type": "no-such", "message": "?"}'):
            await server.say(nothing)
        await counted(desk, "not_a_question", 4)
        assert await count(desk, "empty") == 2
        await server.say("[" * 100_000)  # deeper than JSON is read: text, and too long to be said
        await wait_until(lambda: len(server.frames) == 1)
        await server.say('{"message": "half a character: \\ud83d"}')
        [said] = await server.answered()
        assert said["message"] == "you said: half a character: ?"
        await server.say({"type": "ping"})
        await wait_until(lambda: server.frames[-1]["type"] == "pong")
        assert await count(desk, "connects") == 1


async def test_a_frame_of_ten_megabytes_closes_with_1009_before_it_is_read(house: Talkhouse, server: Outside) -> None:
    codes: list[int | None] = []
    size = 10 * MEBIBYTE

    async def send_all(line: ServerConnection) -> None:
        server.greet = announce
        try:
            await line.send("x" * size)
            await line.wait_closed()
        except Exception:  # noqa: BLE001  # it closes in the midst of it
            await line.wait_closed()
        codes.append(line.close_code)

    async def announce(line: ServerConnection) -> None:
        line.transport.write(bytes([0x81, 127]) + size.to_bytes(8) + b"x" * 1000)  # and nothing comes after that
        await line.wait_closed()
        codes.append(line.close_code)

    server.greet = send_all
    async with bridged(house, entry(server)) as desk:
        await counted(desk, "too_large", 2)
        await said_of(desk, "over the limit")
        server.greet = None
        await server.say("Shall I run?")
        await server.answered()
    assert len(codes) >= 2
    assert set(codes) == {1009}


async def test_a_flood_is_bounded(house: Talkhouse, server: Outside) -> None:
    limits = BridgeLimits(per_minute=10)
    async with bridged(house, entry(server), limits=limits) as desk:
        await server.connected()
        for number in range(2000):
            await server.lines[-1].send(f"number {number}")
        await counted(desk, "in", 2000)
        await server.answered(10)
        assert await count(desk, "asked") == 10
        assert await count(desk, "flood") == 1990
        assert await count(desk, "connects") == 1


async def test_no_more_is_open_at_once_than_the_limit(house: Talkhouse, server: Outside) -> None:
    words = Words(("Slowly.",))
    await house.agent("slow", words)
    async with bridged(house, entry(server, agent="slow"), limits=BridgeLimits(open_questions=3)) as desk:
        for number in range(5):
            await server.say({"message": f"number {number}", "session_id": f"s-{number}"})
        await counted(desk, "busy", 2)
        for _ in range(3):
            words.let_all()
        await server.answered(3)
        await wait_until(lambda: _nothing_open(desk))
        await server.say({"message": "and now?", "session_id": "s-9"})
        words.let_all()
        await server.answered(4)


async def _nothing_open(desk: BridgeDesk) -> bool:
    return (await desk.states())[0].open == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ws://127.0.0.1:{port}/", "not on the public network"),
        ("ws://localhost:{port}/", "not on the public network"),
        ("ws://[::ffff:127.0.0.1]:{port}/", "not on the public network"),
        ("ws://169.254.169.254/latest", "not on the public network"),
        ("ws://2130706433:{port}/", "unusual notation"),
    ],
)
async def test_what_lies_inside_is_not_called(house: Talkhouse, server: Outside, url: str, said: str) -> None:
    inside = entry(server, url=url.format(port=server.port))
    async with bridged(house, inside, guard=UrlGuard()) as desk:
        await said_of(desk, said)
    assert server.paths == []


async def test_a_name_is_called_at_the_address_that_was_judged(house: Talkhouse, server: Outside) -> None:
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) > 1 else ["93.184.216.34", "127.0.0.1"]

    named = entry(server, url=f"ws://rebinding.example:{server.port}/")
    async with bridged(house, named, guard=UrlGuard(resolver=rebinding)) as desk:
        await said_of(desk, "not on the public network")
        await wait_until(lambda: len(asked) >= 2)
    assert server.paths == []


async def test_a_frame_that_the_other_side_cannot_take_does_not_stop_those_behind(
    house: Talkhouse, server: Outside
) -> None:
    async def choke(line: ServerConnection, text: str) -> None:
        if json.loads(text)["message"] == "poison":
            line.transport.abort()

    server.on_text = choke
    async with bridged(house, entry(server)) as desk:
        await server.connected()
        await desk.send("poison", agent="General", patience=timedelta(0))
        await desk.send("bread", agent="General", patience=timedelta(0))
        await counted(desk, "given_up")
        await counted(desk, "out")
        assert server.answers[-1]["message"] == "bread"
        assert (await desk.states())[0].waiting == 0
