"""Where a person is reached: e-mail, and streets with house numbers as six languages write them."""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%'-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}"
    r"(?!(?:png|jpe?g|gif|svg|webp|js|css|py|ts)\b)[^\W\d_]{2,24}(?![\w-])"
    r"|(?<![\w.+-])[\w.+-]{1,64}\s?[\[(]\s?at\s?[\])]\s?[\w-]{1,63}(?:\s?[\[(]\s?dot\s?[\])]\s?|\.)[a-z]{2,24}\b"
    r"|(?<![\w.+-])[\w.+-]{1,64}\sat\s[\w-]{1,63}\sdot\s[a-z]{2,24}\b",
    re.IGNORECASE,
)

_CAPITAL = "A-ZÀ-ÖØ-ÞŒŠŽ"
_NAME = rf"[{_CAPITAL}][\w'’.\-]{{0,40}}"
_CITY = rf"(?:,?\s(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:\s?[A-Z]{{2}})?\s[{_CAPITAL}][\w\-]{{1,40}})?"
_ENGLISH = re.compile(
    rf"(?<![\w.,/#:$€£-])\d{{1,5}}[A-Za-z]?,?\s(?:[NSEW]\.?\s)?(?:(?!Google\b|Flash\b|Hard\b|One\b){_NAME}\s){{1,4}}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Terrace|Place|Pl|Way|Close"
    r"|Crescent|Cres|Gardens|Grove|Parkway|Pkwy|Highway|Hwy|Mews|Circle|Alley)\b\.?(?:\s[NS]?[EW]\b\.?|\s[NS]\b\.?)?"
    r"(?:,?\s(?:Apt|Apartment|Flat|Unit|Suite|Ste|#)\.?\s?\w{1,5})?"
    rf"(?:,\s{_NAME}(?:\s{_NAME}){{0,2}},?\s[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?"
    rf"|,?\s(?:{_NAME}\s){{0,2}}[A-Z]{{1,2}}\d[A-Z\d]?\s\d[A-Z]{{2}}\b)?"
    r"|(?<![\w.,/#:$€£-])\d{1,5}[a-z]?\s(?:(?!(?:on|the|of|in|at|to|down|up|per|and|or|from|this|that|every|wide"
    r"|busy|more|lane|way)\b)[a-z]{3,20}\s){1,2}(?:street|avenue|boulevard)\b"
)
_NO_STREETS = (
    "Arbeits|Park|Spiel|Stell|Sitz|Camping|Sport|Lager|Speicher|Super|Bau|Floh|Arbeitsm|Wochen|Aktien|Um|Hin|Rück|Aus"
    "|Heim|Mittel|Schul|Arbeitsw|Ehe|Schlüssel|Voor|Onder|Over|Kerk"
)
_GERMAN = re.compile(
    rf"(?<![\w-])(?:(?!(?:Auf|Am|Im|Vom|Zum|Der|Den|Dem|Ein|Einen|Mein|Kein|Dein|Erster|Zweiter|Dritter)\s)"
    rf"[{_CAPITAL}][\wäöüß\-]{{1,30}}\s(?:Straße|Strasse|Str\.|Allee|Weg|Platz|Gasse|Ring|Damm|Ufer)"
    r"|[a-zäöü][a-zäöüß]{2,30}(?:straße|strasse|str\.)"
    rf"|(?!(?:{_NO_STREETS})(?:platz|markt|weg|ring)\b)[{_CAPITAL}][\wäöüß\-]{{2,40}}?"
    r"(?:straße|strasse|str\.|gasse|allee|platz|weg|ring|damm|ufer|steig|chaussee|promenade"
    r"|-(?:Straße|Strasse|Str\.|Gasse|Allee|Platz|Weg|Ring|Damm|Ufer|Promenade)))"
    rf"(?:\s|(?<=str\.))\d{{1,4}}(?:\s?[a-zA-Z]\b)?(?:\s?[-–]\s?\d{{1,4}})?(?![\d:.,%€]\d|\s?(?:Uhr|h|km|min|Stunden"
    rf"|Minuten|Euro|%|€)){_CITY}"
    rf"|(?<!\w)(?:Am|An der|An den|Auf der|Auf dem|Im|In der|Unter den|Zum|Zur|Straße des|Alter"
    rf"|Neuer)\s[{_CAPITAL}0-9][\wäöüß.\-]{{2,40}}"
    rf"(?:\s[{_CAPITAL}][\wäöüß\-]{{2,40}})?\s\d{{1,4}}[a-z]?,\s(?:D-)?\d{{5}}\s[{_CAPITAL}][\wäöüß\-]{{1,40}}"
    rf"|(?<!\w)Straße des\s\d{{1,2}}\.\s[{_CAPITAL}]\w{{2,20}}\s\d{{1,4}}\b"
)
_FRENCH = re.compile(
    r"(?<![\w.,/#:€-])\d{1,4}(?:\s?(?:bis|ter|quater))?,?\s"
    r"(?:(?:[Rr]ue|[Aa]venue|[Aa]v\.|[Bb]oulevard|[Bb]d\.?|[Aa]llée|[Cc]hemin|[Ii]mpasse|[Qq]uai|[Rr]oute"
    r"|[Ff]aubourg|[Ss]entier)"
    rf"\s(?:(?:de|du|des|la|le|les)\s){{0,3}}(?:[dl]['’])?|[Pp]lace\s(?:(?:de|du|des|la|le"
    rf"|les)\s){{1,3}}(?:[dl]['’])?)"
    rf"{_NAME}(?:\s(?:(?:de|du|des|la)\s)?{_NAME}){{0,3}}{_CITY}"
    r"|(?<![\w.,/#:€-])\d{1,4}(?:\s?(?:bis|ter))?,?\s(?:rue|avenue|boulevard|impasse|quai)"
    r"\s(?:de\sla\s|des?\s|du\s|d['’]|de\sl['’])[^\W\d_]{3,30}"
)
_PREPOSITIONS = r"(?:(?:de|del|della|delle|dei|degli|dello|di|la|las|los|el|da|do|dos|das|d['’]|dell['’])\s?){0,3}"
_SOUTHERN = re.compile(
    r"(?<!\w)(?:[Cc]alle|C/|[Aa]venida|Avda\.?|Av\.|[Pp]laza|Pza\.?|[Pp]aseo|[Cc]arrer|[Rr]onda|[Tt]ravesía"
    r"|[Rr]ua|[Tt]ravessa|[Aa]lameda|[Pp]raça|[Vv]iale|[Pp]iazza|[Pp]iazzale|[Cc]orso|[Vv]icolo|[Ll]argo"
    r"|[Vv]ia(?!\s(?:Zoom|Slack|Teams|Python|Git\w*|API|HTTPS?|Skype|Discord|Signal|Mail|Email|WhatsApp|Google|Meet)\b))"
    rf"\s?{_PREPOSITIONS}{_NAME}(?:\s{_PREPOSITIONS}{_NAME}){{0,4}},?\s(?:n[.ºo°]{{0,2}}\s?|núm\.?\s?)?\d{{1,4}}\b"
    rf"(?![:.,%€]\d|\s?(?:%|€|euros?|h\b|km\b|horas|ore)){_CITY}"
    r"|(?<!\w)(?:calle|avenida|plaza|paseo|rua|praça|piazza|corso)\s(?:de\sla\s|del?\s|da\s|do\s|della\s)[^\W\d_]{3,30}"
    r",?\s\d{1,4}\b(?![:.,%€]\d|\s?(?:%|€|euros?|h\b|km\b|horas|ore|veces))"
)
_DUTCH = re.compile(
    rf"(?<![\w-])(?!(?:{_NO_STREETS})(?:weg|plein)\b)[{_CAPITAL}][\w'’\-]{{1,40}}?"
    r"(?:straat|laan|weg|gracht|plein|kade|dijk|singel|steeg|dreef|plantsoen|hof)\s\d{1,4}(?:\s?[a-zA-Z]{1,2}\b)?"
    r"(?:[-–]\d{1,3}\b)?"
    rf"(?![\d:.,%€]\d|\s?(?:uur|euro|km|%|€))(?:,?\s\d{{4}}\s?[A-Z]{{2}}\b(?:\s{_NAME})?)?"
    r"|(?<![\w-])[a-z]{3,30}(?:straat|gracht|laan)\s\d{1,4}[a-z]?\b"
    rf"|(?<![\w-])Laan van(?:\s(?:de|den|der|het))?\s{_NAME}\s\d{{1,4}}\b"
    rf"|(?<![\w-]){_NAME}\s\d{{1,4}}[a-z]?,?\s\d{{4}}\s[A-Z]{{2}}\s{_NAME}"
)
_STREETS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("straße", "strasse", "str.", "gasse", "allee", "platz", "weg", "ring", "damm", "ufer", "steig", "chaussee",
      "promenade", "am ", "an de", "auf de", "im ", "in der", "unter den", "zum ", "zur ", "alter ", "neuer "),
     _GERMAN),
    ((" st", "road", " rd", " ave", "lane", " ln", " dr", "boulevard", "blvd", "court", " ct", " sq", "terrace", " pl",
      " way", "close", " cres", "gardens", "grove", "parkway", "pkwy", "highway", "hwy", "mews", "circle", "alley"),
     _ENGLISH),
    (("rue", "avenue", "av.", "boulevard", "bd", "allée", "chemin", "impasse", "quai", "route", "faubourg", "sentier",
      "place"), _FRENCH),
    (("calle", "c/", "aven", "avda", "av.", "plaza", "pza", "paseo", "carrer", "ronda", "traves", "rua", "alameda",
      "praça", "via", "piazza", "corso", "vicolo", "largo"), _SOUTHERN),
    (("straat", "laan", "weg", "gracht", "plein", "kade", "dijk", "singel", "steeg", "dreef", "plantsoen", "hof"),
     _DUTCH),
)  # fmt: skip
"""For each language its words for streets, of which one must occur, and the form of an address."""


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses, also with `[at]` and `(dot)`."""
    for found in _EMAIL.finditer(text):
        yield found.start(), found.end()


def find_addresses(text: str) -> Iterator[Span]:
    """Streets with house numbers, and the town where it follows: English, German, French, Spanish, Portuguese,
    Italian, Dutch forms.
    """
    folded = text.lower()
    for words, form in _STREETS:
        if any(map(folded.__contains__, words)):
            for found in form.finditer(text):
                yield found.start(), found.end()
