"""A workshop on the test's database."""

from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Database
from tests.twins.workshop import Workshop, chat


@pytest.fixture
def workshop(any_database: Database, clock: SimulatedClock, tmp_path: Path) -> Workshop:
    return Workshop(any_database, tmp_path / "uploads", clock=clock)


@pytest.fixture
def chat_file(tmp_path: Path) -> Path:
    """120 messages, 60 of them John Smith's."""
    return chat(tmp_path / "WhatsApp Chat with Alice Jones.txt")
