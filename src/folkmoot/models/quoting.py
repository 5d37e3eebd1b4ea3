"""The words of the offline model: what was found, quoted with its source, and nothing else. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from folkmoot.kernel import excerpt, words
from folkmoot.models.model import Source

MAX_QUOTES: Final = 3
_QUOTE_LENGTH: Final = 280
_STEM: Final = 4  # fewer letters in common make no two forms of one word
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
# Words that say nothing about the subject of a question, so that a shared "the" does not choose the quote.
_EMPTY = frozenset(
    words(
        "a about an and any are as at be been but by can could did do does for from had has have he how i in is it its "
        "me my of on or our please she so tell than that the their them then there they this to us was we were what "
        "when where which who why will with would you your"
    )
)


def subject_words(question: str) -> list[str]:
    """The words of a question that its subject is in, each once, in order."""
    return list(dict.fromkeys(word for word in words(question) if word not in _EMPTY and len(word) > 1))


def quoted_answer(question: str, sources: Sequence[Source]) -> str:
    """An answer from `sources`, the best first: the sentences nearest to the question, each with its source."""
    subject = subject_words(question)
    about = f"“{excerpt(question, 120)}”"
    if not sources:
        return nothing_found(question)
    lines = [f"I am working offline, without a language model, so I can only quote what I have about {about}:"]
    lines += [
        f"{number}. “{_nearest(_below_heading(source), subject)}” ({source.source or 'no source given'})"
        for number, source in enumerate(sources[:MAX_QUOTES], start=1)
    ]
    quoted = {word for source in sources[:MAX_QUOTES] for word in words(source.text)}
    shared = [word for word in subject if _speaks_of(quoted, word)]
    missed = [word for word in subject if word not in shared]
    if missed and shared:
        lines.append(f"Nothing in these quotes speaks of: {', '.join(missed)}.")
    elif missed:
        lines.append("None of these quotes has a word of the question, so they may not answer it.")
    return "\n".join(lines)


def nothing_found(question: str) -> str:
    """What is said when nothing was found, and what would help."""
    subject = ", ".join(subject_words(question)) or excerpt(question, 80)
    return (
        f"I am working offline, without a language model, and I found nothing about {subject} in what I may search. "
        "It would help to ask with other words, to import messages or documents that speak of it, "
        "or to set MODEL to a language model."
    )


def nothing_to_search() -> str:
    """What is said by an agent that has no knowledge to search at all."""
    return (
        "I am working offline, without a language model, and I have no knowledge to search, so I cannot answer. "
        "It would help to give me knowledge, or to set MODEL to a language model."
    )


def not_looked_at(names: Sequence[str]) -> str:
    """What is said of images, which nobody looked at."""
    return f"I cannot look at images, so I left out: {', '.join(names)}."


def _below_heading(source: Source) -> str:
    """The text without the heading above it, where the source names that heading anyway."""
    first, _, rest = source.text.strip().partition("\n")
    return rest if rest.strip() and first.strip() in source.source else source.text


def _nearest(text: str, subject: Sequence[str]) -> str:
    sentences = [sentence for sentence in _SENTENCE_END.split(text.strip()) if sentence] or [text]
    spoken = [set(words(sentence)) for sentence in sentences]
    best = max(
        range(len(sentences)), key=lambda index: (sum(_speaks_of(spoken[index], word) for word in subject), -index)
    )
    chosen = sentences[best]
    if best + 1 < len(sentences) and len(chosen) + len(sentences[best + 1]) < _QUOTE_LENGTH:
        chosen = f"{chosen} {sentences[best + 1]}"
    return excerpt(chosen, _QUOTE_LENGTH)


def _speaks_of(said: set[str], word: str) -> bool:
    """Whether a word or another form of it was said: `fail` by `fails`, `deployed` by `deploy`; in doubt, yes."""
    if word in said:
        return True
    stem = word[: max(_STEM, len(word) - 3)]
    return len(word) >= _STEM and any(
        len(other) >= _STEM and other[: len(stem)] == stem[: len(other)] for other in said
    )
