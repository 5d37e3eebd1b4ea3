"""The house that stories are told in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tasks.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A workplace without agents; seat some with `house.join`."""
    async with open_house(tmp_path) as opened:
        yield opened
