"""Numbers that lead to a person: cards (with their check digit), bank accounts (with theirs), telephones.

A telephone number has no check digit: it is told by its form, or by a word before it. Dates, times, prices, versions
and numbers of orders are not taken for one.
"""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_CARD = re.compile(r"(?<![\d.,\w])\d(?:[ \u00a0\u202f-]?\d){12,22}(?!\w)")
_CARD_LENGTHS = range(19, 12, -1)
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ \u00a0-]?[A-Za-z0-9])")
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24,
    "XK": 20,
}  # fmt: skip

_PHONE = re.compile(r"(?<![\w.,:/#=-])(?:\+|\()?\(?\d(?:[ \u00a0\u202f().\-/‑–]{0,3}\d){5,16}(?![\w])")
_ADDRESSED = re.compile(r"(?:tel:|wa\.me/|(?<![\w.])@)\+?\d{7,15}(?![\w@.])")
_DATE = re.compile(
    r"\d{1,4}([./-])\d{1,2}\1\d{1,4}(?:\D.*)?$|(?:19|20)\d{2}-\d{2}(?:-\d{2})?"
    r"|(?:19|20)\d{2}\s?[-–/ ]\s?(?:19|20)\d{2}$"
)
_FORMS = re.compile(
    r"(?:1[ .\-]?)?\(?[2-9]\d{2}\)?[ .\-]{1,2}\d{3}[ .\-]\d{4}"  # North America
    r"|\(\d{2,5}\)[ ]?\d{3,5}(?:[ \-]?\d{2,5}){1,3}"
    r"|[67]\d{2} \d{2} \d{2} \d{2}|[67]\d{2} \d{3} (?!000)\d{3}"  # Spain
    r"|3\d{2}[ \-]\d{3}[ \-]?\d{3,4}"  # Italy
    r"|[6-9]\d{4}[ \-]\d{5}"  # India
    r"|(?:\d{2} )?9\d{4}-\d{4}"  # Brazil
)
_PAIRS = re.compile(r"0[1-9]([.\-])\d{2}(?:\1\d{2}){3}")
"""A French number with dots, which begins like a date."""
_CALLED = re.compile(
    r"(?:\b(?:tel(?:e?[fp]h?on\w*)?|phone|call|ring|mobile?|cell(?:ulare|ular)?|handy(?:nummer)?|fon"
    r"|whats?app|sms|text me"
    r"|t[eé]l[eé]phone|tel[eé]fono|m[oó]vil|portable|telefoon|signal|fax)\b"
    r"|\b(?:my|your|his|her|their|new|meine|deine|mi|tu|su|mon|ton|son|mio|tuo|mijn|minha)"
    r"\s(?:(?!(?:order|ticket|invoice|case|account|customer|tracking|serial|room|lucky)\s)\w{1,8}\s)?"
    r"(?:number|nummer|n[uú]mero|num[eé]ro|numero)\b)[^\d\n]{0,24}$",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?:order|ticket|invoice|issue|\bid|\bref|reference|rechnung\w*|bestell\w*|auftrag\w*|kunden\w*|pedido"
    r"|factura|commande"
    r"|facture|ordine|fattura|bestelling|factuur|version|build|isbn|tracking|serial|case|account|konto)\W{0,3}"
    r"(?:n[or]\.?|num(?:ber|mer|ero|éro)?|nummer)?\W{0,3}$",
    re.IGNORECASE,
)
_BEFORE = 48
_FURTHER = re.compile(r"(?:(?<!\d)\d{1,2}[ .\-–]|/ ?)(?=[0+(])")
"""Where another number may begin in a run of digits that is none."""
_LEAST_LENGTH = 6
_GROUP_END = re.compile(r"\d(?=\D)")


def find_cards(text: str) -> Iterator[Span]:
    """Numbers of payment cards: a known issuer's beginning and length, and the check digit."""
    for found in _CARD.finditer(text):
        places = [place for place in range(found.start(), found.end()) if text[place].isdecimal()]
        for length in _CARD_LENGTHS:
            if length > len(places) or (length < len(places) and places[length] == places[length - 1] + 1):
                continue
            digits = "".join(text[place] for place in places[:length])
            if _is_issued(digits) and _luhn(digits):
                yield found.start(), places[length - 1] + 1
                break


def _is_issued(digits: str) -> bool:
    two, three, four, length = int(digits[:2]), int(digits[:3]), int(digits[:4]), len(digits)
    if digits[0] == "4":
        return length in {13, 16, 19}
    if 51 <= two <= 55 or 2221 <= four <= 2720:  # noqa: PLR2004 - Mastercard's ranges
        return length == 16  # noqa: PLR2004
    if two in {34, 37}:
        return length == 15  # noqa: PLR2004 - American Express
    if two in {36, 38, 39} or 300 <= three <= 305:  # noqa: PLR2004 - Diners' ranges
        return length == 14  # noqa: PLR2004
    return 16 <= length <= 19 and (two in {35, 50, 56, 57, 58} or 60 <= two <= 69)  # noqa: PLR2004 - JCB, Maestro ...


def _luhn(digits: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + at % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the digits' sum
    return total % 10 == 0 and len(set(digits)) > 1


def find_ibans(text: str) -> Iterator[Span]:
    """International bank account numbers of a country's length whose check digits are right."""
    for found in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(found[0][:2].upper())
        if length is None:
            continue
        plain, at = "", found.start()
        while at < len(text) and len(plain) < length:
            letter = text[at]
            if letter.isascii() and letter.isalnum():
                plain += letter
            elif letter not in " \u00a0-":
                break
            at += 1
        ends = at >= len(text) or not text[at].isalnum()
        if len(plain) == length and ends and _mod97(plain.upper()):
            yield found.start(), at


def _mod97(iban: str) -> bool:
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1


def find_phones(text: str) -> Iterator[Span]:
    """Telephone numbers, in international and national forms."""
    yield from (one.span() for one in _ADDRESSED.finditer(text))
    at = 0
    while (found := _PHONE.search(text, at)) is not None:
        start = found.start()
        before = text[max(0, start - _BEFORE) : start]
        called = _CALLED.search(before) is not None
        counted = not called and _COUNTED.search(before) is not None
        end = next((end for end in _ends(found) if _is_phone(text[start:end], called=called, counted=counted)), None)
        if end is None:
            further = _FURTHER.search(found[0])
            at = start + further.end() if further else found.end()
        else:
            yield start, end
            at = end


def _ends(found: re.Match[str]) -> list[int]:
    """Where a number may end in a run of groups that may be several: the longest first."""
    inner = [found.start() + one.end() for one in _GROUP_END.finditer(found[0], _LEAST_LENGTH)]
    return [found.end(), *reversed(inner)]


def _is_phone(written: str, *, called: bool, counted: bool) -> bool:
    if not written.isascii():
        written = "".join(str(int(one)) if one.isdecimal() else one for one in written)
    digits = "".join(one for one in written if one.isdecimal())
    count = len(digits)
    if written.lstrip("(").startswith("+"):
        return 8 <= count <= 15  # noqa: PLR2004 - the plan of international numbers
    if not counted and _PAIRS.fullmatch(written):
        return True
    if counted or _DATE.match(written):
        return False
    if called:
        return 7 <= count <= 15  # noqa: PLR2004
    if _FORMS.fullmatch(written.replace("\u00a0", " ").replace("\u202f", " ").replace("‑", "-")):
        return True
    return digits[0] == "0" and _is_trunk(written, digits)


def _is_trunk(written: str, digits: str) -> bool:
    """National numbers with their leading zero, or international ones with two."""
    count = len(digits)
    if digits.startswith("000") or re.match(r"0[.,]\d", written):
        return False
    if digits.startswith("00"):
        return 10 <= count <= 16  # noqa: PLR2004
    first = re.split(r"[^\d(]", written.lstrip("("), maxsplit=1)[0]
    dated = re.fullmatch(r"\d{2}([.\-/])\d{2}\1\d{4,}", written)
    return 9 <= count <= 12 and len(first) > 1 and not dated  # noqa: PLR2004
