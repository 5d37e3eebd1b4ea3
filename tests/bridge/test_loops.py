"""A bridge never answers itself, and two programs do not answer each other for ever."""

import json

from websockets.asyncio.server import ServerConnection

from folkmoot.bridge import BridgeLimits
from folkmoot.bridge.frames import Heard
from folkmoot.bridge.loops import LoopGuard
from folkmoot.bridge.model import BridgeTimes
from folkmoot.kernel import SimulatedClock
from tests.bridge.outside import Outside, bridged, count, counted, entry
from tests.conversations.house import Talkhouse

LIMITS = BridgeLimits(per_minute=5, quick_turns=3)


async def test_our_own_frames_are_not_answered(house: Talkhouse, server: Outside) -> None:
    """Whole, without their marks, or their words alone."""

    async def echo(line: ServerConnection, text: str) -> None:
        frame = json.loads(text)
        await line.send(text)
        await line.send(json.dumps({"id": frame["id"], "text": "somebody else's words"}))
        await line.send(frame["message"])
        await line.send(json.dumps({"type": "message", "message": frame["message"], "user_id": "mirror"}))

    server.on_text = echo
    async with bridged(house, entry(server)) as desk:
        await server.say("Shall I run today, or rather tomorrow?")
        await counted(desk, "in", 5)
        assert (await count(desk, "ours") + await count(desk, "echo"), await count(desk, "asked")) == (4, 1)
    async with bridged(house, entry(server)) as desk:
        await server.connected()
        await server.say("you said: Shall I run today, or rather tomorrow?")
        await counted(desk, "echo")  # what went out before a restart is known too
    assert len(server.answers) == 1


async def test_two_programs_that_answer_each_other_come_to_rest(house: Talkhouse, server: Outside) -> None:
    async def answer(line: ServerConnection, text: str) -> None:
        await line.send(json.dumps({"message": f"And {len(json.loads(text)['message'])} thanks to you!"}))

    server.on_text = answer
    limits = BridgeLimits(per_minute=1000, quick_turns=5)
    async with bridged(house, entry(server), limits=limits) as desk:
        await server.say("Hello!")
        await counted(desk, "loop")
        assert await count(desk, "asked") == 6
        await server.say({"message": "I am somebody else", "session_id": "other"})
        await server.answered(7)


async def test_a_program_that_counts_hops_is_heeded(house: Talkhouse, server: Outside) -> None:
    async def pass_on(line: ServerConnection, text: str) -> None:
        frame = json.loads(text)
        await line.send(json.dumps({"message": f"More than {frame['hops']}?", "hops": frame["hops"]}))

    server.on_text = pass_on
    async with bridged(house, entry(server), limits=BridgeLimits(hops=4)) as desk:
        await server.say("Hello!")
        await counted(desk, "hops")
    assert [one["hops"] for one in server.answers] == [1, 2, 3, 4]


def guard(clock: SimulatedClock) -> LoopGuard:
    return LoopGuard(clock=clock, limits=LIMITS, times=BridgeTimes())


def test_a_rate_holds_within_a_moving_minute(clock: SimulatedClock) -> None:
    loops = guard(clock)
    found = [loops.judge(Heard(text=f"number {number}"), "") for number in range(6)]
    assert found == [None] * 5 + ["flood"]
    clock.advance(BridgeTimes().longest_pause)
    assert loops.judge(Heard(text="later"), "") is None


def test_short_words_may_be_said_by_both(clock: SimulatedClock) -> None:
    loops = guard(clock)
    loops.sent("f-1", "Yes.", "")
    loops.sent("f-2", "Yes, gladly, as soon as I can.", "")
    assert loops.judge(Heard(text="Yes."), "") is None
    assert loops.judge(Heard(text="Yes, gladly, as soon as I can."), "") == "echo"
    assert loops.judge(Heard(text="hm", client_id="f-1"), "") == "echo"
    clock.advance(BridgeTimes().rest * 3)
    assert loops.judge(Heard(text="Yes, gladly, as soon as I can."), "") is None


def test_a_thread_rests_and_goes_on(clock: SimulatedClock) -> None:
    loops = LoopGuard(clock=clock, limits=BridgeLimits(quick_turns=3), times=BridgeTimes())

    def turn(thread: str) -> str | None:
        found = loops.judge(Heard(text="more"), thread)
        loops.sent("f", "less", thread)
        return found

    assert [turn("a") for _ in range(6)] == [None, None, None, None, "loop", "loop"]
    assert turn("b") is None
    clock.advance(BridgeTimes().rest)
    assert turn("a") is None
