"""The words of the offline model: what was found, quoted with its source, and what tools said. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from folkmoot.kernel import SMALL_WORDS, Language, excerpt, language_of, words
from folkmoot.models.knowledge import ABOUT_TOOL
from folkmoot.models.model import Source
from folkmoot.models.wording import wording_for

MAX_QUOTES: Final = 3
_QUOTE_LENGTH: Final = 280
_BEST_LENGTH: Final = 600  # of the first quote: it is most of the answer
_RESULT_LENGTH: Final = 600
_STEM: Final = 4  # fewer letters in common make no two forms of one word
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_WRAPPED: Final = 60  # a line of as many characters without an end goes on in the next
_OTHER_LANGUAGE: Final = 0.7  # what a source in another language counts
_ENDS: Final = (".", "!", "?", "…", ":")
_STOPS: Final = '.,;:!?…"“”„()'
_MARKS: Final = "-*•#>|"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a tool answered. `sentence`: the user's words by which it was asked for, empty if there were none."""

    tool: str
    sentence: str = ""
    result: Any = None


def subject_words(question: str) -> list[str]:
    """The words of a question that its subject is in, each once, in order."""
    return list(dict.fromkeys(word for word in words(question) if word not in SMALL_WORDS and len(word) > 1))


def subject_of(question: str) -> str:
    """The same as a person wrote them: an index may tell `ß` from the `ss` that comparing makes of it."""
    return " ".join(word.strip(_STOPS) for word in question.split() if subject_words(word))


def speaks_of(sources: Sequence[Source], question: str) -> bool:
    """Whether what was found has any word of the question's subject."""
    said = {word for source in sources for word in words(source.text)}
    return any(_speaks_of(said, word) for word in subject_words(question))


def whole_answer(question: str, sources: Sequence[Source], *, told: Sequence[Told], searched: bool) -> str:
    """What tools said, then what was found for the rest of the question, and the word that all of it is offline."""
    wording = wording_for(question or " ".join(one.sentence for one in told))
    acts = [one for one in told if one.tool != ABOUT_TOOL]
    about = [str(_summary(one.result)) for one in told if one.tool == ABOUT_TOOL]
    lines = [_said_of(one, question) for one in acts]
    if not searched:
        return "\n".join([wording.offline, *lines, *about])
    if about and not speaks_of(sources, question):
        subject = ", ".join(subject_words(question)) or excerpt(question, 80)
        return "\n".join([*lines, wording.nothing_found.format(subject=subject), *about, wording.would_help])
    return "\n".join([*lines, quoted_answer(question, sources), *about])


def quoted_answer(question: str, sources: Sequence[Source]) -> str:
    """An answer from `sources`, the best first: the sentences nearest to the question, each with its source."""
    subject, wording = subject_words(question), wording_for(question)
    if not sources:
        return nothing_found(question)
    lines = [wording.quoting.format(about=f"“{excerpt(question, 120)}”")]
    quoted_sources = _worth_quoting(sources, subject, language_of(question))
    lines += [
        f"{number}. “{_quote(source, subject, _BEST_LENGTH if number == 1 else _QUOTE_LENGTH)}” "
        f"({source.source or wording.source_unknown})"
        for number, source in enumerate(quoted_sources, start=1)
    ]
    quoted = {word for source in quoted_sources for word in words(source.text)}
    shared = [word for word in subject if _speaks_of(quoted, word)]
    missed = [word for word in subject if word not in shared]
    if missed and shared:
        lines.append(wording.missed.format(words=", ".join(missed)))
    elif missed:
        lines.append(wording.unrelated)
    return "\n".join(lines)


def _worth_quoting(sources: Sequence[Source], subject: Sequence[str], language: Language) -> Sequence[Source]:
    """The best, without those that speak of much less of the question than the one that speaks of most.

    The search's order holds, but for sections whose heading has words of the question, and for texts in its language.
    """
    headings = [_share(_heading(source), subject) for source in sources]
    shares = [
        max(_share(_below_heading(source), subject), heading) for source, heading in zip(sources, headings, strict=True)
    ]
    enough = max(shares, default=0) / 2
    ranked: list[tuple[float, Source]] = []
    for source, share, heading in zip(sources, shares, headings, strict=True):
        if share >= enough:
            about = 1 + heading / max(1, len(subject))
            same = 1.0 if language_of(source.text) == language else _OTHER_LANGUAGE
            ranked.append((source.score / (1.001 - min(1.0, source.score)) * about * same, source))
    ranked.sort(key=lambda one: -one[0])
    return [source for _, source in ranked[:MAX_QUOTES]]


def _share(text: str, subject: Sequence[str]) -> int:
    said = set(words(text))
    return sum(_speaks_of(said, word) for word in subject)


def nothing_found(question: str) -> str:
    """What is said when nothing was found, and what would help."""
    wording = wording_for(question)
    subject = ", ".join(subject_words(question)) or excerpt(question, 80)
    return f"{wording.nothing_found.format(subject=subject)} {wording.would_help}"


def nothing_to_search(question: str = "") -> str:
    """What is said by an agent that has no knowledge to search at all."""
    return wording_for(question).nothing_to_search


def _said_of(one: Told, question: str) -> str:
    wording = wording_for(one.sentence or question)
    failed = isinstance(one.result, Mapping) and {"status", "note"} == one.result.keys()
    result = str(one.result["note"]) if failed else _summary(one.result)
    if not one.sentence:
        return result
    return (wording.failed if failed else wording.took).format(
        sentence=excerpt(one.sentence, 200), tool=one.tool, result=result
    )


def _summary(result: Any) -> str:
    """The sentence in which a tool says what it did; else what it answered."""
    if isinstance(result, Mapping) and isinstance(result.get("summary"), str):
        return str(result["summary"])
    return excerpt(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False), _RESULT_LENGTH)


def _heading(source: Source) -> str:
    """The innermost heading above the text, empty where there is none."""
    first, _, rest = source.text.strip().partition("\n")
    return first.rpartition("›")[2] if rest.strip() and first.strip() in source.source else ""


def _below_heading(source: Source) -> str:
    """The text without the heading above it, where the source names that heading anyway."""
    first, _, rest = source.text.strip().partition("\n")
    return rest if rest.strip() and first.strip() in source.source else source.text


def _quote(source: Source, subject: Sequence[str], length: int) -> str:
    """A section of a document whole where there is room for it, else what of the text is nearest to the question."""
    text = _unwrapped(_below_heading(source))
    if _heading(source) and len(text) <= length:
        return " ".join(text.split())
    return _nearest(text, subject, length)


def _unwrapped(text: str) -> str:
    """The text with lines that were only broken for the eye put together; what was said line by line stays."""
    lines: list[str] = []
    goes_on = False
    for line in text.strip().splitlines():
        joined = goes_on and bool(line.strip()) and line.lstrip()[0] not in _MARKS
        if joined:
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line)
        goes_on = len(line) >= _WRAPPED and not line.rstrip().endswith(_ENDS)
    return "\n".join(lines)


def _nearest(text: str, subject: Sequence[str], length: int) -> str:
    """The sentences from the one that has most of the subject, as many as there is room for."""
    sentences = [sentence for sentence in _SENTENCE_END.split(text.strip()) if sentence] or [text]
    spoken = [set(words(sentence)) for sentence in sentences]
    best = max(
        range(len(sentences)), key=lambda index: (sum(_speaks_of(spoken[index], word) for word in subject), -index)
    )
    chosen = sentences[best]
    for more in sentences[best + 1 :]:
        if len(chosen) + len(more) >= length:
            break
        chosen = f"{chosen} {more}"
    return excerpt(chosen, length)


def _speaks_of(said: set[str], word: str) -> bool:
    """Whether a word or another form of it was said: `fail` by `fails`, `deployed` by `deploy`; in doubt, yes."""
    if word in said:
        return True
    stem = word[: max(_STEM, len(word) - 3)]
    return len(word) >= _STEM and any(
        len(other) >= _STEM and other[: len(stem)] == stem[: len(other)] for other in said
    )
