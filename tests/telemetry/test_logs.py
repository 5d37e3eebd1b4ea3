"""Secrets never reach a log."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkmoot.telemetry import configure_logging, get_logger


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_secrets_are_masked_in_fields_and_texts(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "folkmoot.log"
    configure_logging(level="INFO", file=file)
    get_logger("folkmoot.test").info(
        "called", api_key="sk-hidden", url="http://x/ws?token=hidden-too", header="Bearer hidden-three", user="zoe"
    )
    written = file.read_text()
    assert "hidden" not in written
    line = json.loads(written.splitlines()[-1])
    assert (line["event"], line["user"], line["level"], line["logger"]) == ("called", "zoe", "info", "folkmoot.test")


def test_the_standard_library_s_loggers_go_the_same_way(tmp_path: Path) -> None:
    file = tmp_path / "folkmoot.log"
    configure_logging(level="WARNING", file=file)
    logging.getLogger("somebody.else").info("not this")
    logging.getLogger("somebody.else").warning("this")
    assert [json.loads(line)["event"] for line in file.read_text().splitlines()] == ["this"]
