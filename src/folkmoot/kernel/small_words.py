"""Words that carry a sentence and say nothing of what it is about, and the language that they give away.

They are left out where the subject alone counts: among few texts even "how" and "do" are rare enough to mislead.
"""

from collections.abc import Mapping
from typing import Final, Literal

from folkmoot.kernel.text import words

Language = Literal["en", "de"]
# With the pieces that an apostrophe leaves.
_ENGLISH: Final = words(
    "a about am an and any are as at be been but by can could d did do does doesn don for from had has have he "
    "how i if i'd i'll i'm i've in is isn it it's its ll m many me much my need not of on or our please re s she "
    "should so t tell than that the their them then there they this to us ve want was we were what what's when "
    "where which who why will with would you your"
)
_GERMAN: Final = words(
    "aber alle als also am an auch auf aus bei bin bis bist bitte da das dass dein deine dem den der des dich die "
    "dir du ein eine einem einen einer er es euch euer eure für gegen gibt habe haben hat ich ihr im in ist ja "
    "kann kannst kein keine können könnt man mein meine meinem meinen meiner mich mir mit muss müssen nach nicht "
    "noch nur oder ohne sein sich sie sind so soll sollte sollen um und uns unser unsere viel viele vom von vor "
    "war was wenn wer werde werden wie wieviel will wir wird wo zu zum zur"
)
_ALL: Final[Mapping[Language, frozenset[str]]] = {"en": frozenset(_ENGLISH), "de": frozenset(_GERMAN)}
SMALL_WORDS: Final = _ALL["en"] | _ALL["de"]
# What both languages write alike says nothing about which it is.
_ONLY: Final = {"en": _ALL["en"] - _ALL["de"], "de": _ALL["de"] - _ALL["en"]}


def language_of(text: str) -> Language:
    """The language of a text by its small words; English in doubt."""
    said = words(text)
    german = sum(word in _ONLY["de"] or any(sign in "äöüß" for sign in word) for word in said)
    return "de" if german > sum(word in _ONLY["en"] for word in said) else "en"
