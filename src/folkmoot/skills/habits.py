"""Who has been at work lately, at several spans, and who works where: the signals that need no words.

A span of m pieces of work forgets by count and by time, so that "who did the last three" means much a day later and
nothing a year later: the shares then fall back to equal ones by themselves.
"""

from collections.abc import Sequence

import numpy as np

from folkmoot.skills.features import Floats, Rows
from folkmoot.skills.process import Ints

SPANS = (3.0, 20.0)  # pieces of work
_FADING = 3.0  # a span's memory fades in so many times the days that it usually takes
_SEEN = 20  # a span looks back so many times its length: what lies behind weighs less than e^-20
_EQUAL = 1.0  # pieces of work shared equally by everyone, added to each count


def pace(days: Floats) -> float:
    """Days between two pieces of work on average, never zero."""
    return max((float(days[-1]) - float(days[0])) / len(days), 1e-4) if len(days) > 1 else 1.0


def lately(done: Floats, days: Floats, pace_days: float, at: Floats, known: Ints) -> Floats:
    """For question k at day `at[k]`, knowing the first `known[k]` texts: shape (questions, people, spans).

    `done` (n, people) is what each text counts for whom. Values are logarithms of shares.
    """
    found = np.empty((len(at), done.shape[1], len(SPANS)))
    for s, span in enumerate(SPANS):
        back = int(_SEEN * span)
        by_count = np.exp(-np.arange(back)[::-1] / span)
        for k in range(len(at)):
            upto = int(known[k])
            first = max(0, upto - back)
            gap = np.maximum(at[k] - days[first:upto], 0.0)
            weight = by_count[back - (upto - first) :] * np.exp(gap / (-_FADING * span * pace_days))
            found[k, :, s] = weight @ done[first:upto]
    return np.moveaxis(_log_share(np.moveaxis(found, 1, 2)), 2, 1)


def places(labels: Sequence[tuple[str, ...]]) -> Rows:
    """Labels as rows of length one; a path counts for the folders above it too. Shape (texts, 2^16)."""
    from scipy.sparse import csr_array  # noqa: PLC0415  # heavy: only who estimates pays for it
    from sklearn.feature_extraction import FeatureHasher  # noqa: PLC0415  # as above
    from sklearn.preprocessing import normalize  # noqa: PLC0415  # as above

    hasher = FeatureHasher(n_features=2**16, input_type="string", alternate_sign=False)
    return csr_array(normalize(hasher.transform(folders(one) for one in labels)))


def folders(labels: Sequence[str]) -> list[str]:
    """`a/b/c` → `a`, `a/b`, `a/b/c`."""
    found: set[str] = set()
    for label in labels:
        parts = [part for part in label.split("/") if part]
        found.update("/".join(parts[: end + 1]) for end in range(min(len(parts), 6)))
    return sorted(found)


def where(alike: Floats, done: Floats) -> Floats:
    """From likeness by labels (questions, n) who worked there: logarithms of shares, shape (questions, people)."""
    return _log_share(alike @ done)


def _log_share(amount: Floats) -> Floats:
    people = amount.shape[-1]
    shares: Floats = np.log(
        (np.maximum(amount, 0.0) + _EQUAL / people) / (np.maximum(amount, 0.0).sum(axis=-1, keepdims=True) + _EQUAL)
    )
    return shares
