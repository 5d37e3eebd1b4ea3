"""A twin says that it is one in the language of whoever asks."""

import pytest

from folkmoot.agents.disclosing import twin_disclosure


@pytest.mark.parametrize(
    ("asked", "offline", "said"),
    [
        ("Who are you?", False, "I am the AI twin of Ada Moss."),
        ("Who are you?", True, "I am the AI twin of Ada Moss, offline now."),
        ("Wer bist du?", False, "Ich bin der KI-Zwilling von Ada Moss."),
        ("Qui es-tu, et que sais-tu ?", True, "Je suis le jumeau IA de Ada Moss, hors ligne en ce moment."),
        ("¿Quién eres?", False, "Soy el gemelo de IA de Ada Moss."),
    ],
)
def test_it_is_said_in_the_language_of_the_question(asked: str, offline: bool, said: str) -> None:
    assert twin_disclosure("Ada Moss", {"message": asked}, offline=offline) == said
    assert twin_disclosure("Ada Moss", {"query": asked}, offline=offline) == said


def test_where_nobody_asked_in_words_it_is_said_in_english() -> None:
    assert twin_disclosure("Ada Moss", None, offline=False) == "I am the AI twin of Ada Moss."
    assert twin_disclosure("Ada Moss", {"message": 7}, offline=False) == "I am the AI twin of Ada Moss."
