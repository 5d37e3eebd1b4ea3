"""Secrets never reach a log, from wherever they come: settings, headers, bodies, addresses, faults, other libraries."""

import json
import logging
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from folkmoot.telemetry import bound_to, configure_logging, get_logger
from folkmoot.telemetry.masking import Masking
from tests.serving import TOKEN
from tests.telemetry.conftest import CANARY, KEY, Watched

SECRETS = (
    "Authorization: Bearer abcdef123456",
    "authorization=Basic dXNlcjpwYXNz",
    "http://user:hunter22@db.example:5432/x",
    "GET /ws?token=abcdef123456&x=1",
    "https://accounts.example/cb?code=abcdef123456&state=zyxwvu",
    "{'password': 'abcdef123456'}",
    '{"api_key": "abcdef123456", "a": 1}',
    "X-Api-Key: abcdef123456",
    "client_secret=abcdef123456",
    "openai said no to sk-abcdef123456abcdef",
    "github_pat ghp_abcdef123456abcdef123456",
    "SG.abcdef123456.abcdef123456",
    "cookie: folkmoot_token=abcdef123456; path=/",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYmNkZWYxMjM0NTYifQ.abcdef123456",
    "-----BEGIN PRIVATE KEY-----\\nabcdef123456\\n-----END PRIVATE KEY-----",
    "refresh_token: 'abcdef123456'",
)
LEAKS = ("abcdef123456", "hunter22", "dXNlcjpwYXNz", "zyxwvu", "eyJzdWI")


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """A file that everything is logged to, masked; the root logger is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    file = tmp_path / "folkmoot.log"
    # Another test may have had warnings captured, which pytest then undid without `logging` knowing.
    logging.captureWarnings(capture=False)
    configure_logging(level="DEBUG", file=file, secrets=["known-value-9"])
    yield file
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_inside_a_text_is_masked(text: str) -> None:
    masked = Masking().text(f"before {text} after")
    assert not any(leak in masked for leak in LEAKS), masked
    assert masked.startswith("before ")
    assert "***" in masked


@pytest.mark.parametrize(
    "text",
    [
        "1,234 tokens were used of 5,000 tokens",
        "the token is missing",
        "input_tokens=12 output_tokens=7",
        "http://127.0.0.1:8000/api/tasks?limit=5",
        "handled chat in 0.02 s",
        "a secret word",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Masking().text(text) == text


def test_long_texts_are_masked_in_no_time() -> None:
    for hostile in ("a" * 300_000, "a." * 150_000, "token" * 60_000, "x://" * 75_000, "-----BEGIN " * 30_000):
        began = time.process_time()
        Masking(["known-value-9"]).text(hostile)
        assert time.process_time() - began < 5


def test_fields_faults_and_other_libraries_are_masked_alike(log_file: Path) -> None:
    log = get_logger("folkmoot.test")
    log.info("settings", openai_api_key="abcdef123456", nested={"password": "abcdef123456", "n": [{"token": 123456}]})
    log.info("known-value-9 stands in the event itself", where=["known-value-9"], max_tokens=12, token_count=3)
    for logger in ("httpx.other", "somebody.else"):
        logging.getLogger(logger).warning(
            "asked %s with %s", "http://x/?token=abcdef123456", {"api_key": "abcdef123456"}
        )
        try:
            int("password=abcdef123456 and known-value-9")
        except ValueError:
            logging.getLogger(logger).exception("it failed")
            log.exception("ours failed too")
    logging.captureWarnings(capture=True)
    warnings.showwarning("a library warns of token=abcdef123456", UserWarning, "lib.py", 1)
    written = log_file.read_text()
    assert not any(leak in written for leak in (*LEAKS, "known-value-9")), written
    lines = [json.loads(line) for line in written.splitlines()]
    assert lines[1]["max_tokens"] == 12
    assert lines[1]["token_count"] == 3
    assert sum("Traceback" in line.get("exception", "") for line in lines) == 4
    assert any(line["logger"] == "py.warnings" for line in lines)


def test_a_line_bears_the_ids_of_its_work(log_file: Path) -> None:
    log = get_logger("folkmoot.test")
    with bound_to(request_id="r1", user_id=None), bound_to(message_id="m1", agent_id="helios"):
        log.info("within")
        logging.getLogger("some.library").warning("within too")
    log.info("outside")
    within, theirs, outside = (json.loads(line) for line in log_file.read_text().splitlines())
    for line in (within, theirs):
        assert (line["request_id"], line["message_id"], line["agent_id"]) == ("r1", "m1", "helios")
        assert "user_id" not in line
    assert "request_id" not in outside


def test_no_secret_is_in_the_log_of_a_server_that_was_asked_everything(watched: Watched) -> None:
    asked = f"{CANARY}-asked-with"
    headers = {"X-Api-Key": asked, "Cookie": f"folkmoot_token={asked}", "Proxy-Authorization": f"Bearer {asked}"}
    with watched.server.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
        for path, methods in paths.items():
            for method in methods:
                if method.upper() == "DELETE" or "initialize" in path:
                    continue
                filled = path.replace("{", "").replace("}", "")
                body = {"password": asked, "token": asked, "api_key": asked, "client_secret": asked}
                # What is wrong with a body is said in the answer, never in the log.
                client.request(
                    method, filled, params={"token": asked, "key": asked}, headers=headers, json=body, timeout=60
                )
    with watched.server.client(token=asked) as stranger:
        assert stranger.get("/api/tasks", params={"token": asked}).status_code == 401
        stranger.post("/dashboard/sign-in", data={"name": "admin", "password": asked, "token": asked})
    with pytest.raises(Exception):  # noqa: B017, PT011  # however it is refused: what is logged of it counts
        connect(f"{watched.server.url.replace('http', 'ws')}/ws?token={asked}").recv(timeout=5)
    with connect(f"{watched.server.url.replace('http', 'ws')}/ws?token={TOKEN}") as socket:
        socket.send(json.dumps({"type": "ping", "token": asked}))
        socket.recv(timeout=10)
    watched.model.forget()
    watched.model.fail(401, message=f"Incorrect API key provided: {KEY}")
    with watched.server.client() as client:
        client.post("/api/models/test", json={})
    with httpx.Client(base_url=watched.server.url, trust_env=False) as client:
        client.get("/health", headers=headers)
    written = watched.log_file.read_text() + watched.server.log
    assert len(written.splitlines()) > 50
    found = [line for line in written.splitlines() if CANARY in line or TOKEN in line]
    assert not found, found[:5]


def test_lines_of_the_server_bear_the_ids_of_message_agent_and_trace(watched: Watched) -> None:
    watched.model.forget()
    with watched.server.client() as client:
        message = {
            "message_id": "a-message-that-fails",
            "sender_id": "tester",
            "recipient_id": "ceres",
            "intent": "chat",
            "payload": {"data": {"wrong": 1}},
        }
        client.post("/api/agents/messages", params={"wait": 30}, json=message, headers={"X-Request-ID": "asked-1"})
    lines = [json.loads(line) for line in watched.log_file.read_text().splitlines()]
    (given_up,) = (
        one for one in lines if one["event"] == "message_given_up" and one["message_id"] == "a-message-that-fails"
    )
    assert given_up["agent_id"] == "ceres"
    assert any(one.get("request_id") == "asked-1" for one in lines)
