"""Texts as sparse rows: which words a text has, and (where the person's own wording counts) how it is written.

Two views of a text exist. The *content* view sees lower-case words, pairs of them and the beginnings of their parts,
so `retryBackoff`, `retries` and `retry` meet. The *own words* view adds case, punctuation, line breaks and the outward
shape of the text: right when a task is worded by whoever does it (a commit history), misleading when somebody else
words it.
Rows are hashed, so no vocabulary of a person outlives the person. What is made of the rows stands in `process.py`.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from folkmoot.kernel import words
from folkmoot.skills.model import Evidence, TaskText
from folkmoot.skills.small_words import SMALL_WORDS

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = Any  # scipy.sparse.csr_array of float64; scipy is imported late
Document: TypeAlias = tuple[str, str]  # title, body

COLUMNS = 2**18  # wide enough that two features rarely meet in one column
LONGEST = 20_000  # characters read of one text: the rest of a pasted log says nothing of a person

_TOKEN = re.compile(r"\w+|[^\w\s]|\n")
_PART = re.compile(r"[A-Z]?[a-zà-öø-ÿ]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_UPPER, _LOWER = re.compile(r"[A-Z]"), re.compile(r"[a-z]+")
_STEM = 5  # letters kept of a word's part
_SHORTEST = 3  # shorter words name no subject


def document(item: Evidence) -> Document:
    """A text whose title is repeated at its head is read once."""
    body = item.text[len(item.title) :] if item.title and item.text.startswith(item.title) else item.text
    return item.title, body.strip("\n")[:LONGEST]


def question(task: TaskText) -> Document:
    """What a task says, with its type and required skills as further words."""
    extra = " ".join((task.task_type.replace("_", " "), *(skill.replace("_", " ") for skill in task.required_skills)))
    return task.title, f"{task.text}\n{extra}".strip()[:LONGEST] if extra.strip() else task.text[:LONGEST]


def content_features(doc: Document) -> list[str]:
    """Lower-case words, pairs of words and beginnings of word parts, all without the small words: style stays out."""
    text = f"{doc[0]}\n{doc[1]}"
    plain = [word for word in words(text) if word not in SMALL_WORDS]
    parts = [low for part in _PART.findall(text) if (low := part.lower()) not in SMALL_WORDS]
    return ["w:" + gram for gram in _pairs(plain)] + ["s:" + part[:_STEM] for part in parts]


def subject_stems(doc: Document) -> list[str]:
    """Beginnings of the words that say what a text is about, each as often as it occurs."""
    found = words(f"{doc[0]}\n{doc[1]}")
    return [word[:_STEM] for word in found if len(word) >= _SHORTEST and word not in SMALL_WORDS and not word.isdigit()]


def own_word_features(doc: Document) -> list[str]:
    """Tokens as written, with punctuation and line breaks, their pairs, beginnings of word parts, and the shape."""
    tokens = _TOKEN.findall(f"^ {doc[0]} $\n{doc[1]} $$")
    parts = ["s:" + part[:_STEM].lower() for token in tokens for part in _PART.findall(token)]
    return _pairs(tokens) + parts + shape(*doc)


def shape(title: str, body: str) -> list[str]:
    """How a text looks: lengths in coarse steps, how lines begin, how title and body end, the title's first word."""
    lines = body.split("\n")
    first = title.split(" ", 1)[0]
    marks = {line[:2] for line in lines if line}
    return [
        f"title-length:{len(title) // 12}",
        f"title-words:{_step(len(title.split()))}",
        f"body-length:{_step(len(body))}",
        f"lines:{_step(len(lines))}",
        f"widest:{max(map(len, lines)) // 10}",
        f"title-end:{title[-1:]}",
        f"body-end:{body[-1:]}",
        f"first:{first}",
        "first-form:" + _LOWER.sub("a", _UPPER.sub("A", first)),
        f"bare:{not body}",
        *(f"line-start:{mark[:1]}" for mark in sorted(marks)),
    ]


def _step(count: int) -> int:
    return int(1.5 * math.log2(count + 1))


def _pairs(tokens: list[str]) -> list[str]:
    return tokens + [f"{left} {right}" for left, right in pairwise(tokens)]


@dataclass(frozen=True)
class Weighing:
    """Term weights: damped counts times rarity, rows of length one. Rarity is that of the texts it was made from."""

    view: Callable[[Document], list[str]]
    rarity: Floats  # a weight per column

    @classmethod
    def learned(cls, view: Callable[[Document], list[str]], counts: Rows) -> "Weighing":
        """Rarity as the logarithm of (texts / texts with the feature), both raised by one."""
        seen = np.bincount(counts.indices, minlength=COLUMNS)
        return cls(view=view, rarity=np.log((1.0 + counts.shape[0]) / (1.0 + seen)) + 1.0)

    def weigh(self, counts: Rows) -> Rows:
        rows = counts.copy()
        rows.data = (1.0 + np.log(rows.data)) * self.rarity[rows.indices]
        squares = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
        length = np.sqrt(np.where(squares > 0, squares, 1.0))
        rows.data /= np.repeat(length, np.diff(rows.indptr))
        return rows

    def row(self, doc: Document) -> Rows:
        """One text, weighed: shape (1, COLUMNS)."""
        return self.weigh(count(self.view, [doc]))


def count(view: Callable[[Document], list[str]], docs: Sequence[Document]) -> Rows:
    """How often each hashed feature occurs: shape (texts, COLUMNS), sorted columns."""
    from scipy.sparse import csr_array  # noqa: PLC0415  # heavy: only who estimates pays for it
    from sklearn.feature_extraction import FeatureHasher  # noqa: PLC0415  # as above

    hasher = FeatureHasher(n_features=COLUMNS, input_type="string", alternate_sign=False)
    rows = csr_array(hasher.transform(view(doc) or [""] for doc in docs))
    rows.sum_duplicates()
    rows.sort_indices()
    return rows
