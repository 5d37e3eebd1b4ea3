"""For whom the rows of a request are read."""

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from folkmoot.security import Principal
from folkmoot.storage import HOUSE, acting_for
from folkmoot.web.row_walls import RowWalls

ANN = Principal(user_id="ann", name="Ann", role="member")
ADMIN = Principal(user_id="admin", name="admin", role="admin")


@pytest.mark.parametrize(
    ("method", "principal", "reader"),
    [
        ("GET", ANN, "ann"),
        ("HEAD", ANN, "ann"),
        ("POST", ANN, HOUSE),
        ("DELETE", ANN, HOUSE),
        ("GET", ADMIN, HOUSE),
        ("GET", None, HOUSE),
    ],
)
async def test_reads_of_people_are_theirs(method: str, principal: Principal | None, reader: str) -> None:
    found: list[str] = []

    async def inner(_scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(acting_for())

    async def nothing(*_: Any) -> Any:
        return {}

    state = {"principal": principal} if principal else {}
    await RowWalls(inner)({"type": "http", "method": method, "state": state}, nothing, nothing)
    assert found == [reader]
    assert acting_for() == HOUSE
