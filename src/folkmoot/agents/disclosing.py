"""The sentence by which a twin says that it is one, in the language of whoever asks. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from folkmoot.kernel import Language, language_of

# Without a model and with one; which language it is, is told from the question as for everything said offline.
_TWIN: Final[Mapping[Language, tuple[str, str]]] = {
    "en": ("I am the AI twin of {person}, offline now.", "I am the AI twin of {person}."),
    "de": ("Ich bin der KI-Zwilling von {person}, zurzeit offline.", "Ich bin der KI-Zwilling von {person}."),
    "fr": ("Je suis le jumeau IA de {person}, hors ligne en ce moment.", "Je suis le jumeau IA de {person}."),
    "es": ("Soy el gemelo de IA de {person}, ahora sin conexión.", "Soy el gemelo de IA de {person}."),
}
_ASKED_IN: Final = ("message", "content", "question", "query")


def twin_disclosure(person: str, asked: Mapping[str, Any] | None, *, offline: bool) -> str:
    """For the data of the message that is answered; None: nobody asked in words."""
    said = next((str(asked[name]) for name in _ASKED_IN if asked.get(name)), "") if asked else ""
    without, with_model = _TWIN[language_of(said)]
    return (without if offline else with_model).format(person=person)
