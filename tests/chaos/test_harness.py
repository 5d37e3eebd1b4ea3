"""The harness itself: it passes on the broker as it is, and notices a loss and a doubling that were planted."""

from pathlib import Path
from random import Random

import pytest

from chaos.ledger import Ledger
from chaos.plan import plan
from chaos.rounds import embedded_round, redis_round
from chaos.tally import Tally

MESSAGES = 300


def a_round(folder: Path, broken: str = "", kills: int = 3) -> Tally:
    return embedded_round(folder / "round", Random(4), kills=kills, messages=MESSAGES, broken=broken)


@pytest.mark.slow
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    tally = a_round(tmp_path, kills=8)  # several: what a kill meets is a matter of luck
    assert tally.broken() == []
    assert tally.kills == {"house": 8}
    assert tally.redelivered > 0


@pytest.mark.slow
def test_a_broker_that_acknowledges_before_it_handled_is_found_out(tmp_path: Path) -> None:
    tally = a_round(tmp_path, "forgets")
    assert tally.lost > 0
    assert any(word.startswith("lost") for word in tally.broken())


@pytest.mark.slow
def test_a_broker_without_marks_is_found_out(tmp_path: Path) -> None:
    # Several, as a kill that comes between an effect and its acknowledgement is a matter of luck.
    tally = a_round(tmp_path, "doubles", kills=10)
    assert tally.effects_twice > 0
    assert any(word.startswith("effects_twice") for word in tally.broken())


@pytest.mark.slow
@pytest.mark.usefixtures("redis_server")  # which skips where none is installed
def test_a_redis_that_is_killed_again_and_again_costs_nothing(tmp_path: Path) -> None:
    """Many of these kills come between what Redis did and its answer."""
    kills = {"redis": 12, "consumer": 4, "worker": 3, "producer": 1}
    tally = redis_round(tmp_path / "round", Random(4), kills=kills, messages=MESSAGES)
    assert tally.broken() == []
    assert tally.kills == kills


def test_a_seed_draws_the_same_strikes() -> None:
    kills = {"redis": 3, "producer": 2}
    strikes = plan(Random(7), kills, 1000)
    assert strikes == plan(Random(7), kills, 1000) != plan(Random(8), kills, 1000)
    assert [strike.after for strike in strikes] == sorted(strike.after for strike in strikes)
    assert sum(strike.kind == "redis" for strike in strikes) == 3


def test_a_ledger_keeps_what_came_twice(tmp_path: Path) -> None:
    for _ in range(2):
        Ledger(tmp_path / "ledger").write("one")
    assert Ledger(tmp_path / "ledger").read() == ["one", "one"]
    assert len(Ledger(tmp_path / "ledger")) == 2
    assert len(Ledger(tmp_path / "none")) == 0
