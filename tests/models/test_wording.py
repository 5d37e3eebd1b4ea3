"""Every language says the same things, with the same places for what is filled in."""

from dataclasses import asdict
from string import Formatter

import pytest

from folkmoot.models import Source
from folkmoot.models.quoting import nothing_found, quoted_answer, subject_words
from folkmoot.models.wording import ENGLISH, FRENCH, GERMAN, SPANISH, Wording


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("wording", [GERMAN, FRENCH, SPANISH])
def test_every_sentence_has_the_places_of_the_english_one(wording: Wording) -> None:
    for name, sentence in asdict(wording).items():
        assert places(sentence) == places(asdict(ENGLISH)[name]), name
        assert sentence != asdict(ENGLISH)[name]


@pytest.mark.parametrize(
    ("question", "begins", "subject"),
    [
        ("Quelle est la durée de la garantie ?", "Je travaille hors ligne", ["durée", "garantie"]),
        ("¿Cuánto dura la garantía?", "Trabajo sin conexión", ["dura", "garantía"]),
    ],
)
def test_what_stands_around_quotes_is_in_the_language_of_the_question(
    question: str, begins: str, subject: list[str]
) -> None:
    assert subject_words(question) == subject
    found = quoted_answer(question, [Source(text="The warranty lasts two years.", source="terms.md", score=0.9)])
    assert found.startswith(begins)
    assert "“The warranty lasts two years.” (terms.md)" in found
    assert nothing_found(question).startswith(begins)
