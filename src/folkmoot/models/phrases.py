"""Phrases by which somebody asks for a tool, as the tool declares them, and what a sentence says by one. Pure.

    I did {sets} sets of {repetitions} {exercise} [{when}]

Words stand for themselves; `[…]` may be left out; `(a|b)` is one of both; `{name}` is the argument of that name, and
what may stand there follows from the tool's JSON schema: a number, a value of its `enum`, text of its `pattern`, else a
few words. `{name:a|b *}` is one of the words given, `*` being a few words. A phrase with a question mark alone is meant
by a question. A sentence is only taken for a phrase when all of it fits: in doubt it means no tool.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from folkmoot.kernel import words

_PIECE: Final = re.compile(
    r"\{(?P<slot>\w+)(?::(?P<of>[^}]+))?\}|(?P<open>\[)|(?P<close>\])|\((?P<either>[^)]*)\)|(?P<word>[^\s\[\](){}?]+)"
)
_ENGLISH: Final = words(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_GERMAN: Final = words(
    "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn zwanzig"
)
_NUMBERS: Final[Mapping[str, int]] = {
    **{word: number for language in (_ENGLISH, _GERMAN) for number, word in enumerate(language, start=1)},
    "thirty": 30,
    "dreißig": 30,
    "forty": 40,
    "vierzig": 40,
    "fifty": 50,
    "fünfzig": 50,
    "sixty": 60,
    "sechzig": 60,
}
_NUMBER: Final = rf"\d{{1,6}}(?:[.,]\d{{1,3}})?|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}"
_FEW_WORDS: Final = r"\S+(?: \S+){0,11}?"
# Text that takes back what it says, or only supposes it, is not taken at its word.
_UNSURE: Final = frozenset(words("no not never nothing if whether nicht kein keine keinen nie nichts ob falls"))
_LEAD: Final = r"(?:(?:hi|hello|hey|hallo|ok|okay|please|bitte|so|and|und) )*"
_TAIL: Final = r"(?:(?:please|bitte|thanks|danke) )?"
_SENTENCE: Final = re.compile(r"(?:[^.!?…\n]|\.(?=\w))+[.!?…]*")
_LONGEST: Final = 300  # characters of a sentence that is looked at
_STOPS: Final = '.,;:!?…"“”„()'


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A sentence that asks for a tool: its words, the tool and the arguments."""

    sentence: str
    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """What a tool declares: the phrases, and the JSON schema of its parameters."""

    phrases: Sequence[str]
    schema: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Phrase:
    pattern: re.Pattern[str]
    asks: bool
    free: frozenset[str]  # slots that take any words


def asked_for(text: str, tools: Mapping[str, Phrases]) -> tuple[list[Asked], str]:
    """The sentences of a text that ask for one of `tools`, and what else the text says."""
    compiled: dict[str, list[_Phrase]] = {}
    for name, tool in tools.items():
        if tool.phrases:
            schema = json.dumps(tool.schema, sort_keys=True)
            compiled[name] = [_compiled(one, schema) for one in tool.phrases]
    found: list[Asked] = []
    rest: list[str] = []
    for match in _SENTENCE.finditer(text):
        sentence = " ".join(match[0].split())
        if not words(sentence):
            continue
        meant = _meant(sentence, tools, compiled)
        if meant is None:
            rest.append(sentence)
        else:
            found.append(meant)
    return found, " ".join(rest)


def _meant(sentence: str, tools: Mapping[str, Phrases], compiled: Mapping[str, Sequence[_Phrase]]) -> Asked | None:
    if len(sentence) > _LONGEST:
        return None
    asks, said = sentence.endswith("?"), _plain(sentence)
    fitting: dict[str, tuple[int, dict[str, Any]]] = {}
    for tool, phrases in compiled.items():
        for phrase in phrases:
            fits = phrase.pattern.fullmatch(said) if phrase.asks or not asks else None
            arguments = _arguments(fits.groupdict(), phrase, tools[tool].schema) if fits else None
            if fits is None or arguments is None:
                continue
            # The less is left to slots that take anything, the surer it is what was meant.
            told = len(said.split()) - sum(len((fits[name] or "").split()) for name in phrase.free)
            if tool not in fitting or told > fitting[tool][0]:
                fitting[tool] = (told, arguments)
    surest = sorted(fitting.items(), key=lambda one: -one[1][0])
    if not surest or (len(surest) > 1 and surest[0][1][0] == surest[1][1][0]):
        return None  # nobody, or two tools as likely: then neither is meant for sure
    tool, (_, arguments) = surest[0]
    return Asked(sentence=sentence, tool=tool, arguments=arguments)


def _plain(sentence: str) -> str:
    """The words without what separates them, each with one blank behind it; `3x10` and `5km` are taken apart."""
    apart = re.sub(r"(?<=\d)\s*[x×]\s*(?=\d)", " x ", sentence.replace("’", "'"))
    apart = re.sub(r"(?<=\d)(?=[^\W\d])", " ", apart)
    pieces = (one.strip(_STOPS) for one in apart.split())
    return "".join(f"{one} " for one in pieces if one)


@lru_cache(maxsize=2048)
def _compiled(phrase: str, schema: str) -> _Phrase:
    properties, pattern, free = json.loads(schema).get("properties", {}), "", set()
    opened: list[bool] = []  # of each part that may be left out, whether anything may stand in it
    for piece in _PIECE.finditer(phrase):
        if piece["open"]:
            pattern += "(?:"
            opened.append(False)
        elif piece["close"]:
            pattern += ")??" if opened.pop() else ")?"  # anything stands there only where the rest fits no better
        elif piece["slot"]:
            body = _one_of(piece["of"]) if piece["of"] else _slot(properties.get(piece["slot"], {}))
            if body == _FEW_WORDS:
                free.add(piece["slot"])
                opened = [True] * len(opened)
            pattern += f"(?P<{piece['slot']}>{body}) "
        else:
            pattern += f"(?:{_one_of(piece['either'] or piece['word'])}) "
    return _Phrase(pattern=re.compile(_LEAD + pattern + _TAIL, re.IGNORECASE), asks="?" in phrase, free=frozenset(free))


def _one_of(alternatives: str) -> str:
    return "|".join(
        " ".join(_FEW_WORDS if word == "*" else re.escape(word) for word in one.split())
        for one in alternatives.split("|")
    )


def _slot(schema: Mapping[str, Any]) -> str:
    """What may stand in a slot of this schema."""
    kind = _kind(schema)
    if kind.get("type") in {"integer", "number"}:
        return _NUMBER
    if "enum" in kind:
        return "|".join(re.escape(str(one)) for one in kind["enum"])
    if "pattern" in kind:
        return str(kind["pattern"]).removeprefix("^").removesuffix("$")
    return _FEW_WORDS


def _kind(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a value that is there, where it may also be null."""
    for one in schema.get("anyOf", ()):
        if isinstance(one, Mapping) and one.get("type") != "null":
            return one
    return schema


def _arguments(found: Mapping[str, str | None], phrase: _Phrase, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """What stands in the slots, as the schema wants it; None where that is not sure."""
    arguments: dict[str, Any] = {}
    for name, text in found.items():
        if text is None:
            continue
        kind = _kind(schema.get("properties", {}).get(name, {}))
        if name in phrase.free and words(text)[:1] and words(text)[0] in _UNSURE:
            return None
        if kind.get("type") in {"integer", "number"}:
            number = float(_NUMBERS.get(text.casefold(), text.replace(",", ".")))
            if kind["type"] == "integer" and not number.is_integer():
                return None
            arguments[name] = int(number) if number.is_integer() else number
        else:
            arguments[name] = text.casefold() if "pattern" in kind or "enum" in kind else text
    return arguments
