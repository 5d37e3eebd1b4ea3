"""`/ws/{user_id}`: a room in several tabs, resumed without loss, closed to strangers and floods."""

import json
import uuid
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.faces.accounts import account
from tests.serving import TOKEN, Served


@pytest.fixture
def user() -> str:
    return f"room-{uuid.uuid4().hex[:8]}"


def room(server: Served, user: str, *, token: str | None = TOKEN, **query: str) -> ClientConnection:
    asked = "&".join(f"{name}={value}" for name, value in {"token": token, **query}.items() if value is not None)
    return connect(f"{server.url.replace('http', 'ws', 1)}/ws/{user}?{asked}", proxy=None)


def until(line: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """The frames up to and with the first of this type."""
    frames = [json.loads(line.recv(timeout=30))]
    while frames[-1]["type"] != kind:
        frames.append(json.loads(line.recv(timeout=30)))
    return frames


def ask(line: ClientConnection, text: str, **more: Any) -> dict[str, Any]:
    line.send(json.dumps({"type": "message", "message": text, "agent": "manager", **more}))
    return until(line, "message")[-1]


def closed_with(line: ClientConnection, codes: set[str] | None = None) -> int:
    """The code with which the line is closed; `codes` are those of the errors before."""
    try:
        while True:
            frame = json.loads(line.recv(timeout=30))
            if codes is not None and frame["type"] == "error":
                codes.add(frame["metadata"]["code"])
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 0


def test_a_message_is_answered_after_a_typing_sign(server: Served, user: str) -> None:
    with room(server, user) as line:
        line.send(json.dumps({"type": "message", "message": "Who is here?", "agent": "manager"}))
        frames = until(line, "message")
    kinds = [one["type"] for one in frames]
    assert kinds.index("typing") < kinds.index("message")
    said = frames[-1]
    assert said["message"].strip()
    assert (said["agent_id"], said["user_id"]) == ("manager", user)
    assert 0 <= said["metadata"]["confidence"] <= 1
    assert "".join(one["message"] for one in frames if one["type"] == "chunk") == said["message"]


def test_every_tab_hears_what_is_said_in_one_of_them(server: Served, user: str) -> None:
    with room(server, user) as one, room(server, user) as two:
        until(two, "system")
        said = ask(one, "Who is here?")
        frames = until(two, "message")
        assert [frame["message"] for frame in frames if frame["type"] == "user_message"] == ["Who is here?"]
        assert frames[-1]["message_id"] == said["message_id"]
        again = ask(two, "And who else?")
        assert again["conversation_id"] == said["conversation_id"]


def test_who_comes_back_misses_nothing_and_sees_nothing_twice(server: Served, user: str) -> None:
    with room(server, user) as line:
        first = ask(line, "One?")
    with room(server, user) as line:  # another tab goes on meanwhile
        second = ask(line, "Two?")
    with room(server, user, last_event_id=first["id"]) as line:
        frames = until(line, "message")
        line.send('{"type": "ping"}')
        rest = until(line, "pong")
    assert [(one["type"], one["message"]) for one in frames if one["type"] != "system"] == [
        ("user_message", "Two?"),
        ("message", second["message"]),
    ]
    assert [one["type"] for one in rest] == ["pong"]
    assert int(frames[-1]["id"]) == int(first["id"]) + 2


def test_a_message_that_is_sent_again_is_one(server: Served, user: str) -> None:
    with room(server, user) as line:
        first = ask(line, "Once?", id="mine-1")
        line.send(json.dumps({"type": "message", "message": "Once?", "id": "mine-1"}))
        line.send('{"type": "ping"}')
        assert [one["type"] for one in until(line, "pong")] == ["pong"]
        second = ask(line, "Another?", id="mine-2")
        assert second["message_id"] != first["message_id"]


@pytest.mark.parametrize(
    "frame",
    [
        '{"type": "sing"}',
        '{"type": "message"}',
        '{"type": "message", "message": ""}',
        '{"type": "message", "message": "' + "x" * 10_001 + '"}',
        '{"type": "message", "message": "hi", "agent": "nobody-at-all"}',
        '{"type": "message", "message": "hi", "conversation_id": "../x"}',
        '{"type": "message", "message": "hi", "conversation_id": 7}',
        "{not json",
        "[]",
        "   ",
        b"\x00\x01",
        "x" * 70_000,
    ],
)
def test_a_wrong_frame_gets_an_error_and_the_line_stays_open(server: Served, user: str, frame: str | bytes) -> None:
    with room(server, user) as line:
        line.send(frame)
        wrong = until(line, "error")[-1]
        assert wrong["message"]
        assert ask(line, "Still there?")["message"]


def test_another_s_room_is_not_there(server: Served, user: str) -> None:
    with account(server) as them:
        token = them.client.headers["authorization"].removeprefix("Bearer ")
        with room(server, user, token=token) as line:
            assert closed_with(line) == 4404
        with room(server, them.user_id, token=token) as line:
            assert ask(line, "Who is here?")["user_id"] == them.user_id
    with room(server, user, token=None) as line:
        assert closed_with(line) == 4401


@pytest.mark.parametrize("place", ["yesterday", "-1", "1~x", "1~x:y", "9" * 30])
def test_a_wrong_place_is_refused(server: Served, user: str, place: str) -> None:
    with room(server, user, last_event_id=place) as line:
        assert closed_with(line) == 4400


def test_a_flood_is_refused_and_then_closed(server: Served, user: str) -> None:
    codes: set[str] = set()
    with room(server, user) as line:
        with suppress(ConnectionClosed):
            for number in range(400):
                line.send(json.dumps({"type": "message", "message": "", "id": number}))
        assert closed_with(line, codes) == 4429
    assert "rate_limited" in codes
