"""The first stage: a message that says whom it is for. `@helios …`, `Helios, …`, `ask Helios …`, `talk to Helios`."""

import re
from collections.abc import Sequence
from typing import Final

from folkmoot.conversations.routing.model import Candidate

# A greeting before a name, and verbs that hand over to somebody, in English, German, French and Spanish.
_GREETING: Final = r"(?:hi|hey|hello|dear|ok|okay|hallo|liebe[r]?|bonjour|salut|hola)[\s,]+"
_HAND: Final = (
    r"(?:ask|talk to|talk with|speak to|speak with|connect me (?:to|with)|put me through to|hand (?:me|this) over to"
    r"|forward (?:me|this) to|frag(?:e)?|sprich mit|sprechen mit|verbinde mich mit|demande[rz]? à|parler (?:à|avec)"
    r"|pregunta a|hablar con)"
)
_ALONE: Final = 3  # letters; a shorter name is met by chance


class Mentions:
    """Finds which one of some candidates a message names."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        owners: dict[str, set[str]] = {}
        for one in candidates:
            for name in (one.agent_id, one.name, *one.aliases):
                for spelled in {name, name.replace("_", " "), name.replace(" ", "_"), name.replace(" ", "-")}:
                    if plain := _plain(spelled):
                        owners.setdefault(plain, set()).add(one.agent_id)
        self._owner = {name: next(iter(who)) for name, who in owners.items() if len(who) == 1}
        names = sorted(self._owner, key=len, reverse=True)
        either = "|".join(re.escape(name) for name in names) or r"(?!)"
        spoken = "|".join(re.escape(name) for name in names if len(name) >= _ALONE) or r"(?!)"
        self._at = re.compile(rf"(?<![\w@.])@({either})(?!\w)")
        self._called = re.compile(
            rf"^\W*(?:{_GREETING})?({spoken})\s*[,:!]|^\W*{_GREETING}({spoken})(?!\w)"
            rf"|(?<!\w){_HAND}\s+(?:the\s+|den\s+|die\s+|der\s+|el\s+|la\s+|le\s+)?({spoken})(?!\w)"
        )

    def find(self, text: str) -> str | None:
        """The id of the one agent that the message is put to; None if it names none, or several."""
        plain = _plain(text)
        if "@" in plain and (found := {self._owner[match] for match in self._at.findall(plain)}):
            return next(iter(found)) if len(found) == 1 else None
        called = self._called.search(plain)
        return self._owner[next(name for name in called.groups() if name)] if called else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
