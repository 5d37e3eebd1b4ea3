"""Budgets stop the request that would exceed them, whoever asks at the same time; what was used is counted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.models import Caller, ModelHub, ModelSettings
from folkmoot.models.embeddings import OpenAIEmbedder
from folkmoot.models.errors import (
    BudgetInvalidError,
    ModelBudgetExceededError,
    ModelPriceUnknownError,
    ModelRefusedError,
    ModelUnavailableError,
    UnknownBudgetError,
)
from folkmoot.models.model import ModelHandle
from folkmoot.models.providers import Offline, OpenAICompatible
from folkmoot.models.spending import BudgetDesk, Group, Period, Prices, Subject, UsageLedger, read_budgets
from folkmoot.models.spending.prices import Price
from folkmoot.models.spending.use import NANO, Use
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics
from tests.memory.stub_embeddings import embedding_server
from tests.models.shelf import Shelf
from tests.stub_model import StubModel

# USD for a million: a thousandth of a dollar for each token.
PRICED = {"openai:stub-small": Price(input=Decimal(1000), output=Decimal(1000))}
ANNA = Caller(user_id="anna", agent_id="helios", conversation_id="talk-1")


@dataclass
class Place:
    """A hub that counts, its book and its desk, on one database."""

    database: Database
    clock: SimulatedClock
    events: EventLog
    ledger: UsageLedger
    desk: BudgetDesk
    hub: ModelHub
    metrics: Metrics

    async def ask(self, caller: Caller = ANNA, prompt: str = "?") -> str:
        handle = await self.hub.resolve("openai:stub-small")
        return (await self.hub.answer(handle, instructions="", prompt=prompt, caller=caller)).text

    async def bound(self, subject: Subject, whose: str = "", *, period: Period = Period.DAY, **limits: int) -> str:
        kept = await self.desk.set_budget(
            subject, whose, period, tokens=limits.get("tokens"), cost=limits.get("cost"), user_id="admin"
        )
        return kept.budget.key

    async def uses(self) -> list[str]:
        await self.ledger.flush()
        found = await self.desk.report(Group.KIND, since=datetime(2000, 1, 1, tzinfo=UTC))
        return [f"{one.key}:{one.requests}" for one in found.groups]


def place_on(database: Database, clock: SimulatedClock, stub: StubModel, *, defaults: str = "") -> Place:
    metrics, events = Metrics(), EventLog(database=database, clock=clock)
    ledger = UsageLedger(
        database=database,
        clock=clock,
        events=events,
        prices=Prices(PRICED),
        metrics=metrics,
        defaults=read_budgets(defaults, Subject.USER),
        longest_answer=1000,
    )
    settings = ModelSettings(openai_base_url=stub.base_url, retries=0)
    hub = ModelHub(settings=settings, providers=[OpenAICompatible(settings), Offline()], ledger=ledger, clock=clock)
    desk = BudgetDesk(database=database, clock=clock, ledger=ledger, metrics=metrics)
    return Place(database=database, clock=clock, events=events, ledger=ledger, desk=desk, hub=hub, metrics=metrics)


@pytest.fixture
async def place(any_database: Database, clock: SimulatedClock, stub_model: StubModel) -> AsyncIterator[Place]:
    made = place_on(any_database, clock, stub_model)
    await made.ledger.start()
    yield made
    await made.ledger.stop()
    await made.hub.close()


async def test_every_request_is_counted_for_whom_it_was(place: Place, stub_model: StubModel) -> None:
    stub_model.say("one two three")
    await place.ask(prompt="four words of prompt")
    stub_model.say("yes")
    await place.ask(Caller(user_id="ben"))
    found = await place.desk.report(Group.USER, since=place.clock.now() - timedelta(days=1))
    by_user = {one.key: one for one in found.groups}
    anna = by_user["anna"]
    assert (anna.requests, anna.input_tokens, anna.output_tokens, anna.cost) == (1, 4, 3, 7 * NANO // 1000)
    assert by_user["ben"].output_tokens == 1
    assert found.whole.requests == 2
    own = await place.desk.report(Group.CONVERSATION, since=datetime(2026, 1, 1, tzinfo=UTC), user_id="anna")
    assert [one.key for one in own.groups] == ["talk-1"]
    days = await place.desk.report(Group.DAY, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert [one.key for one in days.groups] == ["2026-01-05"]


async def test_of_twenty_at_once_only_as_many_pass_as_the_budget_has_room_for(
    place: Place, stub_model: StubModel
) -> None:
    # Each holds about 1,040 tokens until it is answered: of 5,000, four fit and a part of a fifth.
    await place.bound(Subject.USER, "anna", tokens=5_000)
    for _ in range(20):
        # Long enough for all twenty to have asked before the first answer gives back what it held.
        stub_model.say("done", delay=2.0)
    outcomes = await asyncio.gather(*(place.ask() for _ in range(20)), return_exceptions=True)
    passed = [one for one in outcomes if one == "done"]
    refused = [one for one in outcomes if isinstance(one, ModelBudgetExceededError)]
    assert len(passed) + len(refused) == 20
    assert 4 <= len(passed) <= 5
    assert len(stub_model.requests) == len(passed)
    assert sum(body["max_completion_tokens"] for body in stub_model.requests) <= 5_000
    # What was not used is given back, and the next one passes.
    stub_model.forget()
    assert await place.ask()


async def test_a_budget_is_never_exceeded_however_long_one_goes_on(place: Place, stub_model: StubModel) -> None:
    await place.bound(Subject.WORKPLACE, tokens=900)
    for _ in range(30):
        stub_model.say("word " * 100)
        try:
            await place.ask()
        except ModelBudgetExceededError as error:
            refusal = error
            break
    else:
        raise AssertionError("it was never stopped")
    (standing,) = await place.desk.standings()
    assert 600 < standing.spent.tokens <= 900
    assert standing.spent.held_tokens == 0
    assert refusal.fields["limit_tokens"] == 900
    assert refusal.fields["used_tokens"] == standing.spent.tokens
    assert refusal.fields["resets_at"] == "2026-01-06T00:00:00Z"
    assert refusal.fields["retry_after_seconds"] == 15 * 3600
    assert "workplace, 900 tokens a day" in refusal.message
    assert "administrator" in refusal.message


async def test_a_day_s_budget_is_full_again_the_next_day_and_a_total_never(place: Place, stub_model: StubModel) -> None:
    await place.bound(Subject.AGENT, "helios", tokens=400)
    stub_model.say("word " * 380)
    await place.ask()
    with pytest.raises(ModelBudgetExceededError, match="agent helios"):
        await place.ask()
    assert await place.ask(replace(ANNA, agent_id="ceres"))
    place.clock.advance(timedelta(days=1))
    assert await place.ask()
    total = await place.bound(Subject.USER, "anna", period=Period.TOTAL, tokens=10)
    with pytest.raises(ModelBudgetExceededError, match="does not fill again") as raised:
        await place.ask()
    assert raised.value.fields["retry_after_seconds"] is None
    await place.desk.remove(total)
    assert await place.ask()
    with pytest.raises(UnknownBudgetError):
        await place.desk.remove(total)


async def test_money_bounds_as_tokens_do_and_the_answer_is_cut_to_what_is_left(
    place: Place, stub_model: StubModel
) -> None:
    await place.bound(Subject.MODEL, "openai", cost=NANO // 2)  # half a dollar: 500 tokens
    stub_model.say("short")
    await place.ask()
    capped = stub_model.requests[-1]["max_completion_tokens"]
    assert 256 <= capped < 500
    stub_model.say("word " * 300)
    await place.ask()
    with pytest.raises(ModelBudgetExceededError) as raised:
        await place.ask()
    assert raised.value.fields["limit_cost_usd"] == 0.5
    (standing,) = await place.desk.standings()
    assert 0.3 < standing.spent.cost / NANO <= 0.5


async def test_a_budget_of_money_does_not_trust_a_model_whose_price_nobody_knows(place: Place) -> None:
    await place.bound(Subject.WORKPLACE, cost=NANO)
    far = ModelHandle(
        name="openai:unheard-of",
        provider="openai",
        model="unheard-of",
        offline=False,
        remote=True,
        url="http://far.example/v1",
    )
    use = Use(usage_id="u1", at=place.clock.now(), kind="answer", model=far.name, provider="openai", input_tokens=5)
    with pytest.raises(ModelPriceUnknownError, match="MODEL_PRICES_FILE"):
        await place.ledger.begin(use, handle=far)
    known = replace(far, name="openai:gpt-5-mini", model="gpt-5-mini", url="https://api.openai.com/v1")
    ticket = await place.ledger.begin(replace(use, usage_id="u2", model=known.name), handle=known)
    assert ticket.output_tokens == 1000


async def test_each_request_of_a_run_with_tools_is_checked(place: Place, stub_model: StubModel, shelf: Shelf) -> None:
    await place.bound(Subject.USER, "anna", tokens=1_000)
    stub_model.call("search_knowledge", query="word " * 300)
    handle = await place.hub.resolve("openai:stub-small")
    with pytest.raises(ModelBudgetExceededError):
        await place.hub.answer(handle, instructions="", prompt="?", tools=[shelf.tool()], caller=ANNA)
    assert len(stub_model.requests) == 1
    assert len(shelf.asked) == 1
    assert await place.uses() == ["answer:1"]


async def test_streams_are_counted_whole_broken_and_left(place: Place, stub_model: StubModel) -> None:
    handle = await place.hub.resolve("openai:stub-small")
    stub_model.say("one two three")
    assert [one async for one in place.hub.stream(handle, instructions="", prompt="?", caller=ANNA)]
    stub_model.say("one two three four five six", breaks_after=3)
    with pytest.raises(ModelUnavailableError):
        [one async for one in place.hub.stream(handle, instructions="", prompt="?", caller=ANNA)]
    stub_model.say("a " * 200, pause=0.05)
    stream = place.hub.stream(handle, instructions="", prompt="?", caller=ANNA)
    async for _ in stream:
        break
    await stream.aclose()
    await place.ledger.flush()
    report = await place.desk.report(Group.KIND, since=datetime(2026, 1, 1, tzinfo=UTC))
    (streams,) = report.groups
    assert (streams.requests, streams.failed) == (3, 2)
    assert streams.output_tokens >= 3 + 1 + 1
    assert streams.output_tokens < 100


async def test_what_fails_is_counted_as_failed_and_takes_nothing_of_the_budget(
    place: Place, stub_model: StubModel
) -> None:
    await place.bound(Subject.USER, "anna", tokens=2_000)
    stub_model.fail(500)
    with pytest.raises(ModelUnavailableError):
        await place.ask()
    (standing,) = await place.desk.standings()
    assert (standing.spent.tokens, standing.spent.held_tokens) == (0, 0)
    report = await place.desk.report(Group.MODEL, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert (report.whole.requests, report.whole.failed) == (1, 1)


async def test_offline_is_counted_costs_nothing_and_no_budget_holds_for_it(place: Place, shelf: Shelf) -> None:
    await place.bound(Subject.WORKPLACE, tokens=0)
    handle = await place.hub.resolve("offline")
    answer = await place.hub.answer(handle, instructions="", prompt="Why?", tools=[shelf.tool()], caller=ANNA)
    assert answer.sources
    report = await place.desk.report(Group.MODEL, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert [(one.key, one.requests, one.cost) for one in report.groups] == [("offline", 2, 0)]
    (standing,) = await place.desk.standings()
    assert standing.spent.tokens == 0


async def test_a_budget_set_in_the_middle_of_a_day_counts_what_was_used_before(
    place: Place, stub_model: StubModel
) -> None:
    stub_model.say("word " * 300)
    await place.ask()
    await place.bound(Subject.USER, "anna", tokens=400)
    (standing,) = await place.desk.standings()
    assert standing.spent.tokens == 301
    with pytest.raises(ModelBudgetExceededError):
        await place.ask()
    await place.bound(Subject.USER, "anna", tokens=4_000)
    assert await place.ask()


async def test_its_keepers_are_told_at_eighty_percent_and_when_it_stops_somebody(
    place: Place, stub_model: StubModel
) -> None:
    await place.bound(Subject.USER, "anna", tokens=1_000)
    stub_model.say("word " * 700)
    await place.ask()
    await place.ledger.flush()
    assert await place.events.read() == []
    stub_model.say("word " * 120)
    await place.ask()
    for _ in range(3):
        with pytest.raises(ModelBudgetExceededError):
            await place.ask()
    told = [(one.type, one.data["used_tokens"]) for one in await place.events.read()]
    assert told == [("budget_nearly_used", 822), ("budget_exhausted", 822)]
    await place.desk.measure()
    text = place.metrics.exposition().decode()
    assert 'folkmoot_budget_remaining_ratio{budget="user:anna:day"} 0.17' in text
    assert 'folkmoot_budget_refusals_total{subject="user"} 3.0' in text
    assert 'folkmoot_model_tokens_total{direction="output",model="openai:stub-small"} 820.0' in text


async def test_what_a_killed_process_had_on_its_way_counts_as_used(
    any_database: Database, clock: SimulatedClock, stub_model: StubModel
) -> None:
    first = place_on(any_database, clock, stub_model)
    await first.bound(Subject.USER, "anna", tokens=10_000)
    use = Use(
        usage_id="cut-off",
        at=clock.now(),
        kind="answer",
        model="openai:stub-small",
        provider="openai",
        user_id="anna",
        input_tokens=50,
    )
    handle = await first.hub.resolve("openai:stub-small")
    ticket = await first.ledger.begin(use, handle=handle)
    assert ticket.output_tokens == 1000
    # The process dies here; another one opens the same home.
    second = place_on(any_database, clock, stub_model)
    clock.advance(timedelta(hours=2))
    assert await second.ledger.collect_abandoned() == 1
    (standing,) = await second.desk.standings()
    assert (standing.spent.tokens, standing.spent.held_tokens) == (1050, 0)
    assert await second.ledger.collect_abandoned() == 0
    await first.hub.close()
    await second.hub.close()


async def test_settings_give_everybody_a_budget_that_one_s_own_replaces(
    any_database: Database, clock: SimulatedClock, stub_model: StubModel
) -> None:
    place = place_on(any_database, clock, stub_model, defaults="500 tokens a day")
    stub_model.say("word " * 400)
    await place.ask()
    with pytest.raises(ModelBudgetExceededError, match="user anna, 500 tokens a day"):
        await place.ask()
    assert await place.ask(Caller(user_id="ben"))
    assert {one.budget.subject_id for one in await place.desk.standings()} == {"anna", "ben"}
    assert [one.budget.subject_id for one in await place.desk.standings(user_id="carl")] == ["carl"]
    await place.bound(Subject.USER, "anna", tokens=5_000)
    assert await place.ask()
    await place.ledger.stop()
    await place.hub.close()


async def test_a_budget_bounds_something_of_somebody(place: Place) -> None:
    with pytest.raises(BudgetInvalidError, match="bounds tokens"):
        await place.bound(Subject.WORKPLACE)
    with pytest.raises(BudgetInvalidError, match="which user"):
        await place.bound(Subject.USER, tokens=5)
    with pytest.raises(BudgetInvalidError, match="names nobody"):
        await place.bound(Subject.WORKPLACE, "anna", tokens=5)


async def test_an_orderly_stop_writes_what_waits_and_a_full_disk_does_not_lose_it(
    place: Place, monkeypatch: pytest.MonkeyPatch, stub_model: StubModel
) -> None:
    from folkmoot.storage import StorageFullError

    writing = place.database.write

    def full() -> None:
        raise StorageFullError("the disk is full")

    monkeypatch.setattr(place.database, "write", full)
    stub_model.say("kept")
    assert await place.ask() == "kept"  # nobody waits for the book
    with pytest.raises(StorageFullError):
        await place.ledger.flush()
    monkeypatch.setattr(place.database, "write", writing)
    await place.ledger.stop()
    assert await place.uses() == ["answer:1"]


async def test_embedding_is_counted_and_bounded(place: Place) -> None:
    with embedding_server() as stub:
        embedder = OpenAIEmbedder("stub", base_url=stub.base_url, ledger=place.ledger, clock=place.clock)
        await embedder.embed(["a car", "an automobile"])
        stub.status = 400
        with pytest.raises(ModelRefusedError):
            await embedder.embed(["a car"])
        assert await place.uses() == ["embed:2"]
        report = await place.desk.report(Group.MODEL, since=datetime(2000, 1, 1, tzinfo=UTC))
        (one,) = report.groups
        assert (one.key, one.input_tokens, one.output_tokens, one.failed) == ("openai:stub", 5, 0, 1)
        stub.status = 200
        await place.bound(Subject.WORKPLACE, tokens=20)
        with pytest.raises(ModelBudgetExceededError):
            await embedder.embed(["far more bytes than the budget has tokens"])
        assert stub.calls == 2
        await embedder.close()


async def test_use_is_shown_by_conversation(place: Place, stub_model: StubModel) -> None:
    stub_model.say("One.")
    await place.ask()
    stub_model.say("Two.")
    await place.ask(Caller(user_id="anna", conversation_id="talk-2"))
    await place.ledger.flush()
    report = await place.desk.report(Group.CONVERSATION, since=datetime(2000, 1, 1, tzinfo=UTC))
    assert {one.key: one.requests for one in report.groups} == {"talk-1": 1, "talk-2": 1}


async def test_each_model_of_a_chain_is_counted_and_a_budget_ends_the_chain(
    place: Place, stub_model: StubModel
) -> None:
    handle = await place.hub.resolve("openai:first, openai:stub-small")
    stub_model.fail(500)
    stub_model.say("Here.")
    await place.hub.answer(handle, instructions="", prompt="?", caller=ANNA)
    await place.ledger.flush()
    report = await place.desk.report(Group.MODEL, since=datetime(2000, 1, 1, tzinfo=UTC))
    assert {one.key: (one.requests, one.failed) for one in report.groups} == {
        "openai:stub-small": (1, 0),
        "openai:first": (1, 1),
    }
    asked = len(stub_model.requests)
    await place.bound(Subject.MODEL, "openai:first", tokens=1)
    with pytest.raises(ModelBudgetExceededError):
        await place.hub.answer(handle, instructions="", prompt="?", caller=ANNA)
    assert len(stub_model.requests) == asked
