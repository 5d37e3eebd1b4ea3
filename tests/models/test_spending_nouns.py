"""The pure parts of spending: periods, budgets as text, what fits, prices."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot.models.model import ModelHandle
from folkmoot.models.spending import Budget, Period, Prices, Subject, read_budgets, read_prices
from folkmoot.models.spending.allowance import LEAST_ANSWER, Spent, room_for
from folkmoot.models.spending.budget import shown_usd
from folkmoot.models.spending.prices import Price, Tokens
from folkmoot.models.spending.use import NANO, nano, usd

REMOTE = ModelHandle(
    name="openai:gpt-5-mini",
    provider="openai",
    model="gpt-5-mini",
    offline=False,
    remote=True,
    url="https://api.openai.com/v1",
)


def test_periods_begin_and_end_at_midnight_utc() -> None:
    at = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert Period.DAY.start(at) == datetime(2026, 12, 31, tzinfo=UTC)
    assert Period.DAY.end(at) == Period.MONTH.end(at) == datetime(2027, 1, 1, tzinfo=UTC)
    assert Period.MONTH.end(datetime(2028, 2, 29, 5, tzinfo=UTC)) == datetime(2028, 3, 1, tzinfo=UTC)
    assert Period.TOTAL.end(at) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("2 usd a day", [(Period.DAY, None, 2 * NANO)]),
        ("2.5 USD/day, 500_000 tokens per day", [(Period.DAY, 500_000, 2_500_000_000)]),
        ("40 usd a month, 10 usd total", [(Period.MONTH, None, 40 * NANO), (Period.TOTAL, None, 10 * NANO)]),
    ],
)
def test_budgets_are_written_as_people_say_them(text: str, expected: list[tuple[Period, int, int]]) -> None:
    assert [(one.period, one.tokens, one.cost) for one in read_budgets(text, Subject.USER)] == expected


@pytest.mark.parametrize("text", ["2 euro a day", "much", "2 usd a year", "1.2.3 usd a day", "-1 usd a day"])
def test_what_is_no_budget_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"'"):
        read_budgets(text, Subject.USER)


@given(
    limit=st.integers(0, 10_000),
    used=st.integers(0, 10_000),
    held=st.integers(0, 10_000),
    asked=st.integers(0, 5_000),
    wanted=st.integers(1, 5_000),
    money=st.booleans(),
    price=st.tuples(st.integers(1, 50), st.integers(1, 50)),
)
def test_what_is_let_through_never_exceeds_a_budget(
    limit: int, used: int, held: int, asked: int, wanted: int, money: bool, price: tuple[int, int]
) -> None:
    def cost(given_: int, answered: int) -> int:
        return given_ * price[0] + answered * price[1]

    budget = Budget(
        key="b",
        subject=Subject.WORKPLACE,
        subject_id="",
        period=Period.DAY,
        tokens=None if money else limit,
        cost=limit if money else None,
    )
    spent = Spent(cost=used, held_cost=held) if money else Spent(tokens=used, held_tokens=held)
    room = room_for([(budget, spent)], asked=asked, wanted=wanted, cost=cost)
    least = min(LEAST_ANSWER, wanted)
    if room.output is not None:
        assert least <= room.output <= wanted
        taken = cost(asked, room.output) if money else asked + room.output
        assert used + held + taken <= limit
    else:
        fewest = cost(asked, least) if money else asked + least
        assert used + held + fewest > limit


def test_own_prices_go_before_the_list_and_an_unknown_price_is_no_price() -> None:
    listed = Prices().cost(REMOTE, Tokens(input=1_000_000))
    assert listed is not None
    assert listed > 0
    own = Prices({"openai:gpt-5-mini": Price(input=Decimal(2), output=Decimal(4), cached_input=Decimal(1))})
    assert own.cost(REMOTE, Tokens(input=1_000_000, output=500_000, cached=500_000)) == nano(1 + 0.5 + 2)
    unheard = ModelHandle(
        name="x:y", provider="x", model="y", offline=False, remote=True, url="https://models.example/v1"
    )
    assert Prices().cost(unheard, Tokens(input=5)) is None
    near = ModelHandle(name="ollama:z", provider="ollama", model="z", offline=False, remote=False)
    assert Prices().cost(near, Tokens(input=5)) == 0


def test_a_file_of_prices_is_read_or_named_with_its_fault(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text("openai:mine: {input: 0.5, output: 1.5}\n")
    assert read_prices(file)["openai:mine"].input * 2 == 1
    file.write_text("openai:mine: {input: -1, output: 1.5}\n")
    with pytest.raises(ValueError, match=r"openai:mine\.input"):
        read_prices(file)
    file.write_text("[")
    with pytest.raises(ValueError, match="cannot be read"):
        read_prices(file)


def test_money_is_whole_numbers() -> None:
    assert nano(0.1) + nano(0.2) == nano(0.3)
    assert usd(nano(1.25)) == 1.25
    assert [shown_usd(nano(one)) for one in (2, 0.35, 0.000012, 0)] == ["2", "0.35", "0.000012", "0"]
