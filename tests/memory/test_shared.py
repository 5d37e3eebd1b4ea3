"""Shared memory: versions, scopes, whose it is, how much of it, and nothing lost between many writers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

import folkmoot.memory.shared.tables  # noqa: F401  # makes its tables known
from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.memory.errors import InvalidMemoryError, MemoryTooLargeError, StaleVersionError, UnknownMemoryError
from folkmoot.memory.shared import WORKPLACE, MemoryScope, SharedMemory
from folkmoot.memory.shared.model import SPACE_KEYS
from folkmoot.security import Principal
from folkmoot.storage import Database

ANN = Principal(user_id="user_ann", name="Ann", role="member")
BEN = Principal(user_id="user_ben", name="Ben", role="member")
ADMIN = Principal(user_id="admin", name="admin", role="admin", knowledge_scopes=None)


@pytest.fixture
def events(any_database: Database, clock: SimulatedClock) -> EventLog:
    return EventLog(database=any_database, clock=clock)


@pytest.fixture
def shared(any_database: Database, clock: SimulatedClock, events: EventLog) -> SharedMemory:
    return SharedMemory(database=any_database, clock=clock, events=events)


async def test_a_value_is_kept_changed_listed_and_deleted(shared: SharedMemory, events: EventLog) -> None:
    first = await shared.set("conv_1", "budget", {"usd": 5}, principal=ANN)
    assert (first.version, first.scope, first.updated_by) == (1, MemoryScope.CONVERSATION, "Ann")
    second = await shared.set("conv_1", "budget", None, principal=ANN, version=1)
    assert (second.version, second.value) == (2, None)
    assert (await shared.get("conv_1", "budget", principal=ANN)).version == 2
    found, total = await shared.list("conv_1", principal=ANN)
    assert ([one.key for one in found], total) == (["budget"], 1)
    await shared.delete("conv_1", "budget", principal=ANN, version=2)
    with pytest.raises(UnknownMemoryError, match="budget"):
        await shared.get("conv_1", "budget", principal=ANN)
    told = await events.read(subject="conv_1")
    assert [one.type for one in told] == ["memory_set", "memory_set", "memory_deleted"]
    assert all("value" not in one.data for one in told)


async def test_a_stale_version_changes_nothing_and_says_which_one_is_there(shared: SharedMemory) -> None:
    await shared.set("conv_1", "plan", "a", principal=ANN)
    await shared.set("conv_1", "plan", "b", principal=ANN, version=1)
    for stale in (0, 1, 3):
        with pytest.raises(StaleVersionError) as refused:
            await shared.set("conv_1", "plan", "c", principal=ANN, version=stale)
        assert refused.value.fields["version"] == 2
    with pytest.raises(StaleVersionError):
        await shared.delete("conv_1", "plan", principal=ANN, version=1)
    with pytest.raises(StaleVersionError, match="not there"):
        await shared.set("conv_1", "other", "c", principal=ANN, version=4)
    assert (await shared.get("conv_1", "plan", principal=ANN)).value == "b"


def one_more(value: Any) -> int:
    return int(value or 0) + 1


async def test_fifty_writers_lose_no_update(shared: SharedMemory) -> None:
    async def count() -> None:
        await shared.change("flow_1", "count", one_more, principal=ANN, scope="workflow")

    await asyncio.gather(*(count() for _ in range(50)))
    found = await shared.get("flow_1", "count", principal=ANN, scope="workflow")
    assert (found.value, found.version) == (50, 50)


async def test_of_fifty_writers_with_the_same_version_one_wins(shared: SharedMemory) -> None:
    await shared.set("flow_1", "owner", "nobody", principal=ANN)

    async def claim(name: str) -> bool:
        try:
            await shared.set("flow_1", "owner", name, principal=ANN, version=1)
        except StaleVersionError:
            return False
        return True

    won = await asyncio.gather(*(claim(f"agent_{number}") for number in range(50)))
    assert sum(won) == 1
    found = await shared.get("flow_1", "owner", principal=ANN)
    assert (found.value, found.version) == (f"agent_{won.index(True)}", 2)


async def test_what_one_agent_keeps_for_itself_no_other_agent_sees(shared: SharedMemory) -> None:
    await shared.set("conv_1", "note", "mine", principal=ANN, scope="agent", agent_id="cmo")
    await shared.set("conv_1", "note", "ours", principal=ANN)
    assert (await shared.get("conv_1", "note", principal=ANN, agent_id="cmo")).value == "mine"
    assert (await shared.get("conv_1", "note", principal=ANN, agent_id="seo")).value == "ours"
    with pytest.raises(UnknownMemoryError):
        await shared.get("conv_1", "note", principal=ANN, scope="agent", agent_id="seo")
    found, _ = await shared.list("conv_1", principal=ANN, agent_id="seo")
    assert [one.value for one in found] == ["ours"]


async def test_a_space_is_unknown_to_everybody_but_whose_it_is(shared: SharedMemory) -> None:
    await shared.set("conv_1", "plan", "a", principal=ANN)
    acts: list[Any] = [
        lambda who: shared.get("conv_1", "plan", principal=who),
        lambda who: shared.set("conv_1", "plan", "b", principal=who),
        lambda who: shared.set("conv_1", "new", "b", principal=who),
        lambda who: shared.list("conv_1", principal=who),
        lambda who: shared.delete("conv_1", "plan", principal=who),
        lambda who: shared.clear("conv_1", principal=who),
    ]
    for act in acts:
        for stranger in (BEN, None):
            with pytest.raises(UnknownMemoryError):
                await act(stranger)
    assert (await shared.get("conv_1", "plan", principal=ADMIN)).value == "a"
    await shared.set("house_1", "plan", "x", principal=None)
    with pytest.raises(UnknownMemoryError):
        await shared.get("house_1", "plan", principal=ANN)


async def test_the_workplace_is_everybodys_and_only_an_administrator_clears_it(shared: SharedMemory) -> None:
    await shared.set(WORKPLACE, "motto", "calm", principal=ANN)
    assert (await shared.set(WORKPLACE, "motto", "calmer", principal=BEN, scope="global")).version == 2
    assert (await shared.get(WORKPLACE, "motto", principal=None)).value == "calmer"
    with pytest.raises(UnknownMemoryError):
        await shared.clear(WORKPLACE, principal=ANN)
    assert await shared.clear(WORKPLACE, principal=ADMIN) == 1


async def test_an_expired_value_is_gone_and_its_key_is_free(shared: SharedMemory, clock: SimulatedClock) -> None:
    await shared.set("conv_1", "code", 1, principal=ANN, expires_in=timedelta(minutes=1))
    clock.advance(timedelta(minutes=2))
    with pytest.raises(UnknownMemoryError):
        await shared.get("conv_1", "code", principal=ANN)
    assert (await shared.set("conv_1", "code", 2, principal=ANN, version=0)).version == 1
    await shared.set("conv_1", "other", 1, principal=ANN, expires_in=timedelta(minutes=1))
    clock.advance(timedelta(minutes=2))
    assert await shared.expire() == 1


@pytest.mark.parametrize(
    ("space", "key", "value", "more"),
    [
        ("conv 1", "k", 1, {}),
        ("conv_1", "", 1, {}),
        ("conv_1", "a/b", 1, {}),
        ("conv_1", "k" * 201, 1, {}),
        ("conv_1", "k", float("nan"), {}),
        ("conv_1", "k", {1, 2}, {}),
        ("conv_1", "k", "\x00", {}),
        ("conv_1", "k", 1, {"scope": "everything"}),
        ("conv_1", "k", 1, {"scope": "agent"}),
        ("conv_1", "k", 1, {"scope": "workplace"}),
        (WORKPLACE, "k", 1, {"scope": "conversation"}),
        ("conv_1", "k", 1, {"expires_in": timedelta()}),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    shared: SharedMemory, space: str, key: str, value: Any, more: dict[str, Any]
) -> None:
    with pytest.raises(InvalidMemoryError):
        await shared.set(space, key, value, principal=ANN, **more)


async def test_a_large_value_and_a_full_space_are_refused(
    shared: SharedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MemoryTooLargeError):
        await shared.set("conv_1", "k", "x" * 70_000, principal=ANN)
    assert SPACE_KEYS > 3
    monkeypatch.setattr("folkmoot.memory.shared.desk.SPACE_KEYS", 3)
    for key in ("a", "b", "c"):
        await shared.set("conv_1", key, 1, principal=ANN)
    with pytest.raises(MemoryTooLargeError, match="delete some"):
        await shared.set("conv_1", "d", 1, principal=ANN)
    assert (await shared.list("conv_1", principal=ANN))[1] == 3
