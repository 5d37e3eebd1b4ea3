"""The look-up tables say what the fitted matrices say, singly and together; chances mean what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkmoot.conversations.routing.calibrate import OUT, RIGHT, WRONG, Samples, assumed, calibrate
from folkmoot.conversations.routing.classifier import Classifier, fit_linear
from folkmoot.conversations.routing.features import Weighing, count, read, read_all, stem
from folkmoot.conversations.routing.held_out import held_out
from folkmoot.conversations.routing.many import Batch
from folkmoot.conversations.routing.measures import auroc, reliability
from folkmoot.conversations.routing.train import Material, lesson_of, train
from tests.conversations.routing.teams import SHOP

LESSON, TEXTS = lesson_of(Material(candidates=SHOP))
STRANGE = ["My tyre, my tyre!", "xylophone", "rosebush watering", "", "Ærø", "The", "planets' moons"]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return train(Material(candidates=SHOP)).classifier


def test_tables_equal_matrices() -> None:
    """Over the training texts and strange ones, whose features the matrices know but no training text has."""
    counted = count([*TEXTS, *STRANGE])
    known = np.arange(len(TEXTS))
    weighing = Weighing.learned(counted, known)
    linear = fit_linear(weighing.weigh(counted, known), LESSON.labels, LESSON.worth, len(SHOP))
    by_matrix = weighing.weigh(counted, np.arange(len(TEXTS) + len(STRANGE))) @ linear.weights + linear.bias
    tables = Classifier.compiled(counted, weighing, linear, TEXTS)
    for text, row in zip([*TEXTS, *STRANGE], by_matrix, strict=True):
        expected = row if read(text) else linear.bias
        assert tables.scores(text) == pytest.approx(expected, abs=2e-4), text


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.one_of(st.text(max_size=40), st.sampled_from([*TEXTS, *STRANGE])), max_size=6))
def test_together_equals_singly(texts: list[str]) -> None:
    shared = _classifier()
    together = Batch(shared).scores(texts)
    assert together.shape == (len(texts), len(SHOP))
    for text, row in zip(texts, together, strict=True):
        assert row == pytest.approx(shared.scores(text), abs=1e-3)
    assert list(read_all(texts)) == [read(text.replace("\x00", " ")) for text in texts]


_MADE: list[Classifier] = []


def _classifier() -> Classifier:
    if not _MADE:
        _MADE.append(train(Material(candidates=SHOP)).classifier)
    return _MADE[0]


def test_forms_of_a_word_have_one_stem() -> None:
    for forms in (("booking", "bookings", "booked", "books"), ("party", "parties"), ("make", "making", "makes")):
        assert len({stem(form) for form in forms}) == 1, forms
    assert stem("is") == "is"


def test_training_twice_gives_the_same(classifier: Classifier) -> None:
    again = train(Material(candidates=SHOP)).classifier
    assert np.array_equal(again.scores("My tyre is flat"), classifier.scores("My tyre is flat"))


def samples(count_: int, share: float, *, seed: int) -> Samples:
    dice = np.random.default_rng(seed)
    outcome = np.where(dice.random(count_) < share, OUT, np.where(dice.random(count_) < 0.9, RIGHT, WRONG))
    best = dice.normal(np.where(outcome == OUT, 0.0, 2.0), 1.0)
    lead = np.abs(dice.normal(np.where(outcome == RIGHT, 2.0, 0.5), 0.5))
    return Samples(best=best, lead=lead, outcome=outcome, worth=np.ones(count_))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_a_stated_chance_comes_true_on_other_samples(share: float) -> None:
    calibration = calibrate(samples(2000, share, seed=1))
    other = samples(20_000, share, seed=2)
    scope = calibration.scope.all(other.best, other.lead)
    for one in reliability(scope.tolist(), (other.outcome != OUT).tolist()):
        assert one.count < 200 or abs(one.stated - one.right) < 0.06
    assert calibration.line == pytest.approx(1.0, abs=0.25), "half-way, whatever the share"


def test_without_strange_messages_the_line_is_assumed() -> None:
    known = samples(400, 0.0, seed=3)
    calibration = assumed(known)
    assert (known.best >= calibration.line).mean() == pytest.approx(0.85, abs=0.01)
    assert assumed(None).line < 2


def test_examples_held_out_look_worse_than_known_ones_and_strangers_worse_still() -> None:
    found = held_out(LESSON)
    assert found is not None
    assert len(found) > LESSON.spoken.sum()
    right, out = found.best[found.outcome == RIGHT], found.best[found.outcome == OUT]
    assert right.mean() > out.mean()
    assert train(Material(candidates=SHOP)).classifier.scores(SHOP[0].examples[0]).max() > np.median(right)


def test_the_share_of_pairs_in_the_right_order() -> None:
    assert auroc([3, 4], [1, 2]) == 1.0
    assert auroc([1, 2], [3, 4]) == 0.0
    assert auroc([1], [1]) == 0.5
    assert auroc([], [1]) is None
