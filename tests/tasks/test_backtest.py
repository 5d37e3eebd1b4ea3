"""Replaying a history: the same talk as in life, and the doer looked up only afterwards."""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from folkmoot.skills import CapabilityEstimator
from folkmoot.skills.history import estimator_of, moment, task_of
from folkmoot.tasks.backtest import backtest, replay
from folkmoot.tasks.errors import BadHistoryError
from folkmoot.tasks.history import read_gold, read_history
from tests.tasks.house import House

SUBJECTS = {
    "Ada Ade": ("oven", "dough", "bread", "yeast"),
    "Ben Bo": ("welding", "gate", "anvil", "iron"),
    "Cid Co": ("ledger", "invoice", "tax", "audit"),
}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    text = "\n".join(json.dumps(row) for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture
def history(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A training file, six tasks and who did them."""
    train, test, gold = [], [], []
    for index in range(36):
        person = list(SUBJECTS)[index % 3]
        words = SUBJECTS[person]
        title = f"{words[index % 4]} and {words[(index + 1) % 4]} number {index}"
        row = {"id": f"w{index}", "day": index - 30, "title": title, "body": f"about {words[(index + 2) % 4]}"}
        if index < 30:
            train.append({**row, "dev": person, "areas": ["shop"]})
        else:
            test.append(row)
            gold.append({"id": row["id"], "dev": person})
    return (
        write(tmp_path / "train.jsonl.gz", train),
        write(tmp_path / "test.jsonl", test),
        write(tmp_path / "gold.jsonl", gold),
    )


class Sealed(Mapping[str, str]):
    """Gold that notes when it was opened."""

    def __init__(self, gold: dict[str, str]) -> None:
        self._gold = gold
        self.opened: list[str] = []

    def __getitem__(self, key: str) -> str:
        self.opened.append(key)
        return self._gold[key]

    def __contains__(self, key: object) -> bool:
        return key in self._gold

    def __iter__(self) -> Iterator[str]:
        return iter(self._gold)

    def __len__(self) -> int:
        return len(self._gold)


async def test_a_replay_finds_the_doers_and_keeps_the_estimators_order(
    house: House, history: tuple[Path, Path, Path]
) -> None:
    train, items = read_history(history[0]), read_history(history[1], person=None, labels=None)
    gold = Sealed(read_gold(history[2]))
    opened_when: list[tuple[int, list[str]]] = []

    found = await replay(
        train, items, gold, broker=house.broker, clock=house.clock,
        progress=lambda done, _: opened_when.append((done, list(gold.opened))),
    )  # fmt: skip

    assert [one.ranking[0] for one in found] == [gold[item.id] for item in items]
    assert [(done, len(opened)) for done, opened in opened_when] == [(n, n) for n in range(1, 7)]
    estimator: CapabilityEstimator = estimator_of(train)
    for item, one in zip(items, found, strict=True):
        alone = estimator.estimate(task_of(item), sorted(SUBJECTS), at=moment(item.day), with_reasons=False)
        assert list(one.ranking) == [estimate.person for estimate in alone]
    assert len(await house.broker.messages(agent_id="person-0000", limit=100)) >= 6, "they were asked by messages"


async def test_a_report_stands_beside_the_baselines(house: House, history: tuple[Path, Path, Path]) -> None:
    train, items = read_history(history[0]), read_history(history[1], person=None, labels=None)
    report = await backtest(train, items, read_gold(history[2]), broker=house.broker, clock=house.clock, learn=True)
    shown = report.as_json()
    assert shown["folkmoot"]["top1"] == 1.0
    assert {"random", "most_active", "tfidf_knn", "tfidf_logreg", "tfidf_linear_svm"} <= shown["baselines"].keys()
    assert (shown["people"], shown["items"]) == (3, 6)


async def test_gold_of_another_history_is_refused(house: House, history: tuple[Path, Path, Path]) -> None:
    train, items = read_history(history[0]), read_history(history[1], person=None, labels=None)
    with pytest.raises(BadHistoryError, match="6 of the items, the first is 'w30'"):
        await replay(train, items, {"other": "Ada Ade"}, broker=house.broker, clock=house.clock)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "holds no line"),
        (b'{"id": "a"', "line 1: is not JSON"),
        (b"[1]", "line 1: is not a JSON object"),
        (b'{"id": "a", "dev": "x", "day": 1}', "line 1: has none of the text columns title, body"),
        (b'{"id": "a", "title": "t", "day": 1}', "line 1: the column 'dev' is missing"),
        (b'{"id": "a", "title": "t", "dev": "x", "day": "soon"}', "line 1: the column 'day' is neither"),
        (b'{"id": "a", "title": "t", "dev": "x", "day": NaN}', "line 1: the column 'day' is neither"),
        (b'{"id": "a", "title": 7, "dev": "x", "day": 1}', "line 1: the column 'title' is not a text"),
        (b'{"id": "a", "title": "t", "dev": "x", "day": 1, "areas": "x"}', "line 1: the column 'areas' is not a list"),
        (b'\n{"id":"a","title":"t","dev":"x","day":1}\n{"id":"a","title":"t","dev":"x","day":1}', "line 3: the id 'a'"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"\x1f\x8b\x08broken", "cannot be read"),
    ],
)
def test_a_bad_history_names_file_and_line(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "h.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadHistoryError) as refused:
        read_history(path)
    assert fault in refused.value.message
    assert "h.jsonl" in refused.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadHistoryError, match="cannot be read: No such file"):
        read_history(tmp_path / "none.jsonl")


def test_columns_are_named_by_whoever_asks(tmp_path: Path) -> None:
    row = {"id": 7, "when": "2025-01-02T00:00:00Z", "who": "Ada", "subject": "Bread"}
    path = write(tmp_path / "h.jsonl", [row])
    (item,) = read_history(path, person="who", text=("subject",), time="when", labels=None)
    assert (item.id, item.person, item.title, item.day) == ("7", "Ada", "Bread", 20090.0)
