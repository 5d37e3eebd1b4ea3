"""Tasks as the rows of a table front end."""

import pytest

from folkmoot.tasks.errors import BadTableError, UnknownAssigneeError
from folkmoot.tasks.model import TaskState
from tests.tasks.house import House


@pytest.fixture
async def office(house: House) -> House:
    """Two tasks: one assigned, one that nobody takes."""
    await house.join("ann", planning=0.9)
    await house.join("ben", planning=0.2)
    await house.shared_out("Planning the release", task_type="Planning", priority=5, estimated_hours=2.5)
    await house.shared_out("Xyzzy", estimated_hours=4)
    return house


async def test_rows_look_as_the_front_end_wants_them(office: House) -> None:
    first, second = await office.desk.rows()
    assert first == {
        "id": 1,
        "header": "Planning the release",
        "type": "Planning",
        "status": "Pending",
        "target": "5",
        "limit": "2.5",
        "reviewer": "ann",
    }
    assert (second["limit"], second["reviewer"]) == ("4", "Assign reviewer")


async def test_an_unchanged_table_changes_nothing(office: House) -> None:
    before = [(task.version, task.updated_at) for task in (await office.desk.tasks())[0]]
    assert await office.desk.take_rows(await office.desk.rows()) == 0
    assert [(task.version, task.updated_at) for task in (await office.desk.tasks())[0]] == before


async def test_edits_count(office: House) -> None:
    rows = await office.desk.rows()
    rows[0] |= {"status": "In Process", "target": "high", "header": "Plan it", "limit": "3"}
    rows[1] |= {"reviewer": "ben"}
    assert await office.desk.take_rows(rows) == 2
    second, first = (await office.desk.tasks())[0]
    assert (first.status, first.priority, first.title, first.estimated_hours) == (
        TaskState.IN_PROGRESS,
        8,
        "Plan it",
        3.0,
    )
    assert second.owner == "ben"
    rows = await office.desk.rows()
    rows[0]["status"] = "Done"
    await office.desk.take_rows(rows)
    assert (await office.desk.rows())[0]["status"] == "Done"


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        ({"id": 99}, BadTableError),
        ({"id": "x"}, BadTableError),
        ({"target": "12"}, BadTableError),
        ({"limit": "-1"}, BadTableError),
        ({"limit": "nan"}, BadTableError),
        ({"status": "Someday"}, BadTableError),
        ({"header": " "}, BadTableError),
        ({"reviewer": "nobody"}, UnknownAssigneeError),
    ],
)
async def test_a_bad_row_changes_nothing_at_all(office: House, edit: dict[str, object], error: type[Exception]) -> None:
    before = await office.desk.rows()
    rows = [dict(row) for row in before]
    rows[0]["header"] = "Something else"
    rows[1] |= edit
    with pytest.raises(error):
        await office.desk.take_rows(rows)
    assert await office.desk.rows() == before


async def test_a_row_twice_is_refused(office: House) -> None:
    rows = await office.desk.rows()
    with pytest.raises(BadTableError, match="twice"):
        await office.desk.take_rows([rows[0], rows[0]])
