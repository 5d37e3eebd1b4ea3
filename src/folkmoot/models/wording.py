"""The sentences that stand around quotes, in the language of the question where there are any in it. Pure.

What is quoted stays in the language it was written in: nothing here translates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from folkmoot.kernel import Language, language_of


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The sentences of one language, with their places."""

    quoting: str
    source_unknown: str
    missed: str
    unrelated: str
    nothing_found: str
    would_help: str
    nothing_to_search: str
    offline: str
    took: str
    failed: str


ENGLISH: Final = Wording(
    quoting="I am working offline, without a language model, so I can only quote what I have about {about}:",
    source_unknown="no source given",
    missed="Nothing in these quotes speaks of: {words}.",
    unrelated="None of these quotes has a word of the question, so they may not answer it.",
    nothing_found=(
        "I am working offline, without a language model, and I found nothing about {subject} in what I may search."
    ),
    would_help=(
        "It would help to ask with other words, to import messages or documents that speak of it, "
        "or to set MODEL to a language model."
    ),
    nothing_to_search=(
        "I am working offline, without a language model, and I have no knowledge to search, so I cannot answer. "
        "It would help to give me knowledge, or to set MODEL to a language model."
    ),
    offline="I am working offline, without a language model.",
    took="I took “{sentence}” for the tool {tool}: {result}",
    failed="I took “{sentence}” for the tool {tool}, but it did not work: {result}",
)
GERMAN: Final = Wording(
    quoting="Ich arbeite offline, ohne Sprachmodell, und kann nur zitieren, was ich zu {about} habe:",
    source_unknown="ohne Quelle",
    missed="Nichts in diesen Zitaten spricht von: {words}.",
    unrelated="Keines dieser Zitate hat ein Wort der Frage; sie beantworten sie vielleicht nicht.",
    nothing_found=(
        "Ich arbeite offline, ohne Sprachmodell, und habe in dem, was ich durchsuchen darf, zu {subject} nichts "
        "gefunden."
    ),
    would_help=(
        "Es hilft, mit anderen Worten zu fragen, Nachrichten oder Dokumente dazu einzulesen "
        "oder mit MODEL ein Sprachmodell einzustellen."
    ),
    nothing_to_search=(
        "Ich arbeite offline, ohne Sprachmodell, und habe kein Wissen, das ich durchsuchen könnte, also kann ich nicht "
        "antworten. Es hilft, mir Wissen zu geben oder mit MODEL ein Sprachmodell einzustellen."
    ),
    offline="Ich arbeite offline, ohne Sprachmodell.",
    took="„{sentence}“ habe ich als Auftrag für das Werkzeug {tool} verstanden: {result}",
    failed="„{sentence}“ habe ich als Auftrag für das Werkzeug {tool} verstanden, aber es ging nicht: {result}",
)
_ALL: Final[Mapping[Language, Wording]] = {"en": ENGLISH, "de": GERMAN}


def wording_for(text: str) -> Wording:
    """The wording of the language that a text is written in."""
    return _ALL[language_of(text)]
