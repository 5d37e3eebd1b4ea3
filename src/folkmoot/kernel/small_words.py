"""Words that carry a sentence and say nothing of what it is about, and the language that they give away.

They are left out where the subject alone counts: among few texts even "how" and "do" are rare enough to mislead.
"""

from collections.abc import Mapping
from typing import Final, Literal

from folkmoot.kernel.text import words

Language = Literal["en", "de", "fr", "es"]
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
_FRENCH: Final = words(
    "ai as au aussi aux avec avez avons ce ces cet cette comment d dans de des dois doit du elle en est est-ce et eu "
    "faut fait il ils j je l la le les leur lui m ma mais me mes moi mon n ne nos notre nous on ont ou où par pas peut "
    "peux plus pour pourquoi puis qu quand que quel quelle quelles quels qui quoi s sa sans se ses si son sont suis "
    "sur ta te tes toi ton tu un une va vos votre vous y à été être"
)
_SPANISH: Final = words(
    "a al algo como con cuál cuáles cuándo cuánto cuántos cómo de debo del desde dónde e el ella en entre era es esa "
    "ese eso esta este esto está están fue ha hay he hola la las le les lo los me mi mis muy más nada ni no nos o para "
    "pero por porque puede puedes puedo que quiero quién qué se sea ser si sin sobre son soy su sus sí tengo tiene "
    "tienes todo tu tus un una usted y ya yo"
)
_ALL: Final[Mapping[Language, frozenset[str]]] = {
    "en": frozenset(_ENGLISH),
    "de": frozenset(_GERMAN),
    "fr": frozenset(_FRENCH),
    "es": frozenset(_SPANISH),
}
SMALL_WORDS: Final = _ALL["en"] | _ALL["de"]
"""Those of the languages that knowledge is mostly written in; `small_words_of` has those of any."""
# What several languages write alike says nothing about which it is.
_ONLY: Final[Mapping[Language, frozenset[str]]] = {
    language: own.difference(*(others for other, others in _ALL.items() if other != language))
    for language, own in _ALL.items()
}
_SIGNS: Final[Mapping[Language, str]] = {"en": "", "de": "äöüß", "fr": "àâçèêîôœùû", "es": "ñáíóú"}


def language_of(text: str) -> Language:
    """The language of a text by its small words and signs; English in doubt."""
    said = words(text)

    def share(language: Language) -> int:
        return sum(word in _ONLY[language] or any(sign in _SIGNS[language] for sign in word) for word in said)

    return max(_ALL, key=share)  # the first of those that are even


def small_words_of(text: str) -> frozenset[str]:
    """What says nothing of the subject in a text of this language."""
    return SMALL_WORDS | _ALL[language_of(text)]
