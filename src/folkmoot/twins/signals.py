"""Signs in a single text: how formal it is, whether it leans on others, dares or takes care, goes into detail.

Each sign counts marker words of the languages that exports are most often in; a text without any marker tells nothing
and is left out of the measure, so that a language without markers gives no number instead of a wrong one.
"""

import re
from dataclasses import dataclass
from typing import Final

from folkmoot.kernel import words

_FORMAL: Final = frozenset(
    """dear regards sincerely kindly please therefore however furthermore regarding hereby attached cordially
    sehr geehrte geehrter grüße freundlichen bitte bezüglich estimado estimada atentamente saludos cordiales
    cher chère cordialement veuillez merci prezado prezada atenciosamente gentile cordiali saluti distinti
    geachte vriendelijke groet groeten""".split()  # noqa: SIM905  # a word list reads best as text
)
_CASUAL: Final = frozenset(
    """hey hi yo yeah yep yup nope nah lol haha hahaha hehe omg btw idk imo gonna wanna gotta kinda sorta cool awesome
    dude guys thx ty np ok okay k sup ya cuz tbh asap moin hallo hi na jo krass geil digga hola vale jaja jajaja guay
    tío salut coucou ouais mdr ptdr oi beleza kkk valeu blz ciao boh dai hoi doei joh""".split()  # noqa: SIM905  # see above
)
_TOGETHER: Final = frozenset(
    """we us our ours together let's team pair pairing everyone everybody anyone jointly share sync review
    wir uns unser gemeinsam zusammen nosotros juntos equipo nous ensemble équipe nosso juntas noi insieme wij samen
    somos vamos""".split()  # noqa: SIM905  # see above
)
_ALONE: Final = frozenset(
    """i me my mine myself i'll i've i'm i'd alone solo ich mich mein selbst allein yo mi mismo solo je j'ai moi
    eu meu sozinho io mio ik mijn zelf""".split()  # noqa: SIM905  # see above
)
_BOLD: Final = frozenset(
    """just ship try experiment quick quickly go risk bet bold now hotfix yolo push prototype hack straight away
    einfach probieren schnell probar rápido essayer vite tentar provare proberen snel""".split()  # noqa: SIM905  # see above
)
_CAREFUL: Final = frozenset(
    """careful carefully check verify test tests rollback backup wait sure confirm double risky safe safely review first
    before unless caution staged vorsichtig prüfen testen warten sicher cuidado comprobar verificar esperar vérifier
    attendre prudent cauteloso attenzione verificare aspettare controleren wachten""".split()  # noqa: SIM905  # see above
)
_MARKERS: Final = _FORMAL | _CASUAL | _TOGETHER | _ALONE | _BOLD | _CAREFUL
_GREETING: Final = re.compile(
    r"\s*(good morning|good afternoon|good evening|guten (?:morgen|tag|abend)|buenos días|buenas|bonjour|bom dia|"
    r"buongiorno|goedemorgen|dear|hello|hey|hi|hiya|yo|morning|hallo|moin|servus|hola|salut|coucou|olá|oi|ciao|hoi)\b",
    re.IGNORECASE,
)
_SPECIFIC: Final = re.compile(r"\d|`|https?://|\b\w+[._/]\w+|^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
# Pictures, symbols, flags and the heart; joiners and skin tones count with what they belong to.
_EMOJI: Final = re.compile("[\U0001f300-\U0001faff\U0001f1e6-\U0001f1ff\u2600-\u27bf\u2b50\u2764]")
_LONG: Final = 25


@dataclass(frozen=True, slots=True)
class Signals:
    """What one text tells. Shares are 0..1; None where it tells nothing."""

    words: list[str]
    formality: float | None
    collaboration: float | None
    risk: float | None
    detail: float
    emoji: bool
    question: bool
    greeting: str | None


def read_signals(text: str) -> Signals:
    """The signs in a text."""
    found = words(text)
    emoji = _EMOJI.search(text) is not None
    greeting = _GREETING.match(text)
    return Signals(
        words=found,
        formality=_formality(text, found, emoji=emoji),
        collaboration=_share(found, _TOGETHER, _ALONE),
        risk=_share(found, _BOLD, _CAREFUL),
        detail=min(1.0, (1.0 if _SPECIFIC.search(text) else 0.0) * 0.5 + min(1.0, len(found) / _LONG) * 0.5),
        emoji=emoji,
        question="?" in text or "？" in text or "؟" in text,
        greeting=greeting[1].casefold() if greeting else None,
    )


def is_marker(word: str) -> bool:
    """Whether a word is one of manner and not of matter."""
    return word in _MARKERS


def _formality(text: str, found: list[str], *, emoji: bool) -> float | None:
    if not found:
        return 0.0 if emoji else None
    letters = text.lstrip()[:1]
    formal = float(sum(word in _FORMAL for word in found))
    casual = float(sum(word in _CASUAL for word in found) + emoji + ("!!" in text))
    # Sentences that begin with a capital and end with a stop are a weak sign, their absence one of the other kind.
    if letters.isalpha() and letters.lower() != letters.upper():
        cased, stopped = letters.isupper(), text.rstrip()[-1:] in ".!?…:;"
        formal += 0.5 * (cased and stopped)
        casual += 0.5 * (not cased)
    return formal / (formal + casual) if formal + casual else None


def _share(found: list[str], one: frozenset[str], other: frozenset[str]) -> float | None:
    ones, others = sum(word in one for word in found), sum(word in other for word in found)
    return ones / (ones + others) if ones + others else None
