"""The diary: kept in the user's own files, losing nothing, with the clock's days, and taken back."""

import asyncio
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Database
from folkmoot.tools.diary import DIARY_TOOLS
from folkmoot.tools.diary.days import day_of, span_of
from folkmoot.tools.errors import ToolFailedError
from folkmoot.tools.model import CallStatus, ToolOutcome
from folkmoot.user_files import UserFiles
from tests.tools.shop import Shop, open_shop

WEDNESDAY = datetime(2026, 5, 6, 12, tzinfo=UTC)


@pytest.fixture
async def diary(database: Database, tmp_path: Path) -> Shop:
    return open_shop(database, SimulatedClock(WEDNESDAY), tmp_path, *DIARY_TOOLS)


async def call(diary: Shop, tool: str, user: str = "ida", **arguments: Any) -> ToolOutcome:
    return await diary.desk.call(tool, arguments, agent_id="helios", user_id=user)


async def kept(diary: Shop, name: str, user: str = "ida") -> Any:
    return json.loads(await UserFiles(diary.home / "users").read(user, name))


async def test_a_workout_stands_in_the_users_file_with_its_day(diary: Shop) -> None:
    outcome = await call(diary, "log_workout", exercise="squats", sets=3, repetitions=10, when="yesterday")
    assert outcome.succeeded
    assert isinstance(outcome.result, dict)
    assert "noted for 2026-05-05: squats, 3 sets of 10" in str(outcome.result["summary"])
    (entry,) = await kept(diary, "workouts.json")
    assert entry["date"] == "2026-05-05"
    assert entry["noted_at"] == "2026-05-06T12:00:00+00:00"
    assert (entry["exercise"], entry["sets"], entry["repetitions"], entry["noted_by"]) == ("squats", 3, 10, "helios")
    assert not set(entry) & {"minutes", "note"}
    (logged, *_), _ = await diary.ledger.page(limit=10)
    assert logged.tool == "log_workout"


async def test_many_entries_at_once_are_all_there(diary: Shop) -> None:
    await asyncio.gather(*(call(diary, "log_meal", what=f"plate {number}") for number in range(20)))
    assert {one["text"] for one in await kept(diary, "meals.json")} == {f"plate {number}" for number in range(20)}


async def test_a_span_of_days_is_shown(diary: Shop) -> None:
    for when in ("today", "on monday", "2026-05-03", "2026-04-30"):
        assert (await call(diary, "log_workout", exercise=f"run {when}", when=when)).succeeded
    shown = await call(diary, "list_workouts", span="this week")
    assert isinstance(shown.result, dict)
    assert shown.result["total"] == 2
    assert "2026-05-04: run on monday" in str(shown.result["summary"])
    last = (await call(diary, "list_workouts", span="last month")).result
    assert isinstance(last, dict)
    assert last["total"] == 1
    none = (await call(diary, "list_meals", span="today")).result
    assert isinstance(none, dict)
    assert none["summary"] == "I have no meals noted for 2026-05-06."


async def test_each_user_has_their_own(diary: Shop) -> None:
    await call(diary, "set_goal", goal="ten kilometres", by="summer")
    await call(diary, "set_preference", user="bo", preference="I am vegan")
    mine, theirs = [await call(diary, "list_goals", user=user) for user in ("ida", "bo")]
    assert "ten kilometres”, by summer" in str(mine.result)
    assert "no goals noted" in str(theirs.result)
    assert [one["text"] for one in await kept(diary, "preferences.json", "bo")] == ["I am vegan"]


async def test_an_entry_is_taken_back_the_last_or_by_its_id(diary: Shop) -> None:
    for goal in ("one", "two", "three"):
        await call(diary, "set_goal", goal=goal)
    first = (await kept(diary, "goals.json"))[0]["id"]
    assert "“three”" in str((await call(diary, "remove_entry", kind="goal")).result)
    assert "“one”" in str((await call(diary, "remove_entry", kind="goal", entry_id=first)).result)
    assert [one["text"] for one in await kept(diary, "goals.json")] == ["two"]
    gone = await call(diary, "remove_entry", kind="goal", entry_id=first)
    assert gone.status is CallStatus.FAILED
    assert "there is no goal" in str(gone.error)


@pytest.mark.parametrize("text", ["{", '{"mine": 1}', '["x"]', "null"])
async def test_what_is_no_diary_any_more_is_left_as_it_is(diary: Shop, text: str) -> None:
    files = UserFiles(diary.home / "users")
    await files.save("ida", "workouts.json", text)
    outcome = await call(diary, "log_workout", exercise="squats")
    assert outcome.status is CallStatus.FAILED
    assert "workouts.json" in str(outcome.error)
    assert await files.read("ida", "workouts.json") == text


@pytest.mark.parametrize(
    "arguments",
    [{}, {"exercise": ""}, {"exercise": "x", "sets": 0}, {"exercise": "x", "when": "soon"}, {"exercise": "x" * 400}],
)
async def test_what_says_nothing_is_not_kept(diary: Shop, arguments: dict[str, Any]) -> None:
    assert (await call(diary, "log_workout", **arguments)).status is CallStatus.FAILED
    assert (await call(diary, "log_workout", exercise="x", when="2026-05-07")).status is CallStatus.FAILED
    assert await UserFiles(diary.home / "users").names("ida") == []


def test_days_and_spans_are_those_of_the_calendar() -> None:
    today = WEDNESDAY.date()
    assert day_of("on thursday", today) == date(2026, 4, 30)
    assert day_of("am mittwoch", today) == today
    assert day_of("vorgestern", today) == date(2026, 5, 4)
    with pytest.raises(ToolFailedError):
        day_of("2026-02-30", today)
    assert span_of("diese woche", today) == (date(2026, 5, 4), date(2026, 5, 10))
    assert span_of("last month", date(2026, 1, 31)) == (date(2025, 12, 1), date(2025, 12, 31))
    assert span_of("this month", date(2028, 2, 29)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert span_of("all", today) is None
