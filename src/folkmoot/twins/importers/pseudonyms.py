"""Other people of a chat under other names: their words are context for the person's, and nobody's business.

The same names and key give the same pseudonyms, so an import that was killed goes on with them. Without the key the
letters say nothing about the names, not even their order.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

_WORD = r"[^\W\d_]+(?:['’-](?!s\b)[^\W\d_]+)*"
_PIECE = re.compile(
    rf"(?P<kept>[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}})+|https?://\S+)|@(?P<phone>\+?\d{{7,15}})\b|(?P<word>{_WORD})"
)
_SENTENCE_ENDS = frozenset(".!?:\n")
_SHORTEST_PART = 3
_SAID_OTHERWISE = frozenset(
    {
        "will",
        "mark",
        "may",
        "rose",
        "grace",
        "hope",
        "art",
        "bill",
        "sue",
        "pat",
        "rob",
        "jack",
        "ray",
        "dawn",
        "faith",
        "joy",
        "june",
        "april",
        "august",
        "summer",
        "autumn",
        "amber",
        "ruby",
        "ivy",
        "olive",
        "violet",
        "daisy",
        "sky",
        "star",
        "rich",
        "frank",
        "grant",
        "chase",
        "chance",
        "miles",
        "dale",
        "glen",
        "cliff",
        "reed",
        "drew",
        "young",
        "old",
        "king",
        "long",
        "small",
        "white",
        "black",
        "brown",
        "green",
        "best",
        "good",
        "bright",
        "wise",
        "die",
        "der",
        "das",
        "und",
        "sol",
        "mar",
        "luz",
        "paz",
        "rosa",
        "blanca",
        "dolores",
        "angel",
        "le",
        "la",
        "bon",
        "sam",
        "max",
        "dot",
        "tag",
        "dad",
        "mum",
        "mom",
        "mama",
        "papa",
        "opa",
        "oma",
        "work",
        "home",
        "office",
        "team",
        "boss",
        "doc",
    }
)
"""Names that are words too: taken for names only where they are written like one, inside a sentence."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name to be found in texts: its words, and what is put for it."""

    words: tuple[str, ...]
    label: str
    guarded: bool
    """Only where it is written with a capital inside a sentence."""


class Pseudonyms:
    """`Person A`, `Person B` ... for everybody but the person whose import it is."""

    def __init__(self, *, own: Iterable[str] = (), others: Iterable[str] = (), key: bytes = b"") -> None:
        """`own`: the person's names in the export, kept everywhere. `others`: all further names, in any order; one
        that is not among them is hidden from the first time that it is asked for with `of`.
        """
        self._own = {_folded(one) for one in own}
        self._own_parts = {part for one in self._own for part in _parts(one)}
        self._labels: dict[str, str] = {}
        self._written: dict[str, str] = {}
        self._by_first: dict[str, list[_Name]] = {}
        self._phones: dict[str, str] = {}
        names = {_folded(one): one for one in others if one.strip()}
        for folded in sorted(names, key=lambda one: hmac.digest(key, one.encode(), hashlib.sha256)):
            self._add(names[folded])

    def of(self, author: str) -> str:
        """The pseudonym of a name; the person's own stays. A name never seen gets the next letter."""
        folded = _folded(author)
        if folded in self._own:
            return author
        return self._labels.get(folded) or self._add(author)

    def is_own(self, author: str | None) -> bool:
        """Whether the author is the person whose import it is."""
        return author is not None and _folded(author) in self._own

    def hide(self, text: str) -> str:
        """The text with every known name, its first and last part alone, and `@` mentions replaced."""
        if not text or not (self._by_first or self._phones):
            return text
        pieces: list[str] = []
        done = 0
        found = list(_PIECE.finditer(text))
        at = 0
        while at < len(found):
            piece = found[at]
            put, used = self._replacement(text, found, at)
            if put is not None:
                pieces += (text[done : piece.start()], put)
                done = found[at + used - 1].end()
            at += used
        if not pieces:
            return text
        pieces.append(text[done:])
        return "".join(pieces)

    def _replacement(self, text: str, found: list[re.Match[str]], at: int) -> tuple[str | None, int]:
        """What to put for the pieces from `at` on, and how many of them that takes in."""
        piece = found[at]
        if phone := piece["phone"]:
            label = self._phones.get(phone.lstrip("+"))
            return (f"@{label}" if label else None), 1
        word = piece["word"]
        if word is None:
            return None, 1
        for name in self._by_first.get(word.casefold(), ()):
            length = len(name.words)
            following = found[at : at + length]
            if [one["word"] and one["word"].casefold() for one in following] != list(name.words):
                continue
            if length > 1 and any(text[a.end() : b.start()].strip(" .'’-") for a, b in pairwise(following)):
                continue
            if name.guarded and not _stands_as_name(text, piece):
                continue
            return name.label, length
        return None, 1

    def _add(self, name: str) -> str:
        label = f"Person {_letters(len(self._labels))}"
        folded = _folded(name)
        if folded in self._own:
            return name
        self._labels[folded] = label
        if digits := _phone_digits(name):
            self._phones[digits] = label
            return label
        words = tuple(one.casefold() for one in re.findall(_WORD, name))
        if not words:
            return label
        if not (len(words) == 1 and words[0] in self._own_parts):
            self._find(words, label, guarded=len(words) == 1 and _is_guarded(words[0]))
        if len(words) > 1:
            for part in {words[0], words[-1]} - self._own_parts:
                if len(part) >= _SHORTEST_PART:
                    self._find((part,), label, guarded=_is_guarded(part))
        return label

    def _find(self, words: tuple[str, ...], label: str, *, guarded: bool) -> None:
        """Look for a name from now on; one that two people share is only known to be somebody's."""
        names = self._by_first.setdefault(words[0], [])
        for known in names:
            if known.words == words:
                if known.label != label:
                    names[names.index(known)] = _Name(words, "Person", guarded)
                return
        names.append(_Name(words, label, guarded))
        names.sort(key=lambda one: -len(one.words))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _parts(name: str) -> list[str]:
    return [one.casefold() for one in re.findall(_WORD, name)]


def _phone_digits(name: str) -> str:
    digits = re.sub(r"[\s()+./-]", "", name)
    return digits if digits.isdecimal() and len(digits) > 6 else ""  # noqa: PLR2004 - fewer digits are no number


def _is_guarded(word: str) -> bool:
    return word in _SAID_OTHERWISE or len(word) < _SHORTEST_PART


def _stands_as_name(text: str, piece: re.Match[str]) -> bool:
    """Capital letter, and not merely because a sentence begins there."""
    before = text[: piece.start()].rstrip(" ")
    return piece[0][:1].isupper() and (before.endswith("@") or not (not before or before[-1] in _SENTENCE_ENDS))


def _letters(number: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
