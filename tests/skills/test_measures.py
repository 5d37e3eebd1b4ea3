"""The figures of a backtest and the rivals in it, on cases that can be counted by hand."""

import pytest

from folkmoot.skills import EmptyHistoryError
from folkmoot.skills.baselines import baselines
from folkmoot.skills.history import HistoryItem, estimator_of, evidence_of, moment, task_of
from folkmoot.skills.measures import calibration_error, measure, wilson

NAMES = {"random", "most_active", "tfidf_knn", "tfidf_logreg", "tfidf_logreg_recency", "tfidf_linear_svm"}


def test_figures_counted_by_hand() -> None:
    found = measure([["a", "b", "c", "d"], ["a", "b", "c", "d"], ["b", "a", "c", "d"]], ["a", "b", "d"])
    assert found.top1.value == pytest.approx(1 / 3)
    assert found.top3.value == pytest.approx(2 / 3)
    assert found.mrr.value == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)
    assert found.macro.value == pytest.approx(1 / 3)
    assert all(figure.low <= figure.value <= figure.high for figure in found.figures())
    assert found.as_json()["top1"] == found.top1.value


def test_who_is_not_ranked_is_a_miss() -> None:
    assert [figure.value for figure in measure([["a"]], ["z"]).figures()] == [0, 0, 0, 0]


@pytest.mark.parametrize(("rankings", "gold"), [([], []), ([["a"]], []), ([], ["a"])])
def test_items_without_rankings_are_refused(rankings: list[list[str]], gold: list[str]) -> None:
    with pytest.raises(ValueError, match="one each"):
        measure(rankings, gold)


def test_wilson_agrees_with_the_published_interval() -> None:
    share = wilson(281, 500)  # 56.2 %: the readme of the histories says about ± 4.4 points
    assert share.low == pytest.approx(0.518, abs=0.001)
    assert share.high == pytest.approx(0.605, abs=0.001)


def test_calibration_error_is_the_gap_between_promise_and_truth() -> None:
    assert calibration_error([{"a": 0.75, "b": 0.25}] * 4, ["a", "a", "a", "b"]) == pytest.approx(0.0)
    assert calibration_error([{"a": 0.9, "b": 0.1}] * 2, ["a", "b"]) == pytest.approx(0.4)


def history() -> list[HistoryItem]:
    return [
        HistoryItem(
            id=str(k),
            person="ada" if k % 3 else "bo",
            title=f"index query {k}" if k % 3 else f"font colour {k}",
            day=float(k - 60),
        )
        for k in range(60)
    ]


def test_each_rival_ranks_everybody_and_words_find_the_right_one() -> None:
    test = [
        HistoryItem(id="t1", person=None, title="query", day=1),
        HistoryItem(id="t2", person=None, title="font", day=2),
    ]
    found = baselines(history(), test, gold={"t1": "ada", "t2": "bo"})
    assert set(found) == NAMES | {"last_doer"}
    assert all(sorted(ranking) == ["ada", "bo"] for rankings in found.values() for ranking in rankings)
    for name in ("tfidf_knn", "tfidf_logreg", "tfidf_logreg_recency", "tfidf_linear_svm"):
        assert [ranking[0] for ranking in found[name]] == ["ada", "bo"]
    assert [ranking[0] for ranking in found["most_active"]] == ["ada", "ada"]
    assert [ranking[0] for ranking in found["last_doer"]] == ["ada", "ada"]


def test_rivals_bear_one_person_and_wordless_texts() -> None:
    alone = [HistoryItem(id="1", person="ada", title="x")]
    mute = [HistoryItem(id="1", person="ada", title="?"), HistoryItem(id="2", person="bo", title="!")]
    asked = [HistoryItem(id="t", person=None, title="x")]
    assert all(rankings == [("ada",)] for rankings in baselines(alone, asked).values())
    assert all(len(rankings[0]) == 2 for rankings in baselines(mute, asked).values())
    assert set(baselines(alone, [])) <= NAMES


def test_a_history_of_nobody_is_refused() -> None:
    nobody = [HistoryItem(id="1", person=None, title="x")]
    with pytest.raises(EmptyHistoryError):
        estimator_of(nobody)
    with pytest.raises(EmptyHistoryError):
        baselines(nobody, nobody)
    with pytest.raises(EmptyHistoryError):
        evidence_of(nobody[0])


def test_a_history_makes_an_estimator() -> None:
    estimator = estimator_of(history())
    item = HistoryItem(id="t", person=None, title="font colour", day=1.0, labels=("unused",))
    assert task_of(item).labels == ()
    assert estimator.estimate(task_of(item), ["ada", "bo"], at=moment(item.day))[0].person == "bo"
