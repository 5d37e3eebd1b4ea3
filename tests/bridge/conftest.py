"""A workplace with one plain agent, and a server outside."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.storage import Database
from tests.bridge.outside import Outside, outside
from tests.conversations.house import Talkhouse, talkhouse


@pytest.fixture
async def house(tmp_path: Path, database: Database) -> AsyncIterator[Talkhouse]:
    async with talkhouse(tmp_path, database) as house:
        await house.agent("helios")
        yield house


@pytest.fixture
async def server() -> AsyncIterator[Outside]:
    async with outside() as server:
        yield server
