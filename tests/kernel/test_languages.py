"""Which language a question is in is told from its small words."""

import pytest

from folkmoot.kernel import SMALL_WORDS, language_of, small_words_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How long does a website take?", "en"),
        ("Who can mend the retry of the webhook worker?", "en"),
        ("Which café in Málaga is the best for me?", "en"),
        ("kubernetes ingress timeout", "en"),
        ("", "en"),
        ("Wie lange dauert eine Webseite?", "de"),
        ("Wer kann den Fehler im Warenkorb beheben?", "de"),
        ("Was kostet ein Café in Málaga für mich?", "de"),
        ("Combien de temps faut-il pour faire un site web ?", "fr"),
        ("Qui es-tu et que sais-tu du panier ?", "fr"),
        ("Quelle est la meilleure séance pour mon dos ?", "fr"),
        ("Où sont les factures ?", "fr"),
        ("¿Cuánto tiempo tarda una página web?", "es"),
        ("¿Quién eres y qué sabes del carrito?", "es"),
        ("Quiero un plan para la semana, por favor", "es"),
        ("¿Dónde están las facturas?", "es"),
    ],
)
def test_a_question_gives_its_language_away(text: str, language: str) -> None:
    assert language_of(text) == language


def test_small_words_of_a_language_come_on_top_of_those_that_are_always_left_out() -> None:
    assert small_words_of("How long does it take?") == SMALL_WORDS
    assert {"quelle", "est", "the", "der"} <= small_words_of("Quelle est la question ?")
