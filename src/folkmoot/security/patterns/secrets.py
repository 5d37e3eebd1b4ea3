"""Keys, tokens and passwords: by the forms that issuers give them, by a word before them, by their disorder.

A bare hash of 40 hexadecimal digits is a commit and no secret; digests that name their function are none either.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]

_FORMS = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_[A-Za-z0-9_]{20,255}|gl(?:pat|rt|dt)-[\w-]{16,128}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}"
    r"|sk-(?:proj-|ant-|svcacct-|or-v1-)?[A-Za-z0-9_-]{16,255}|[srp]k_(?:live|test)_[A-Za-z0-9]{8,255}"
    r"|whsec_[A-Za-z0-9+/=]{16,128}"
    r"|AIza[0-9A-Za-z_-]{30,40}|ya29\.[\w-]{20,512}|GOCSPX-[\w-]{20,40}|npm_[A-Za-z0-9]{30,40}"
    r"|pypi-[A-Za-z0-9_-]{16,512}"
    r"|hf_[A-Za-z0-9]{20,64}|SG\.[\w-]{16,64}\.[\w-]{16,64}|dop_v1_[0-9a-f]{64}|shpat_[0-9a-fA-F]{32}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,60}"
    r"|eyJ[\w-]{8,4096}\.[\w-]{8,4096}(?:\.[\w-]{0,1024})?"
    r"|\d{8,10}:AA[A-Za-z0-9_-]{33}"
    r")(?![A-Za-z0-9])"
    r"|https://hooks\.slack\.com/services/[\w/]{10,128}|https://discord(?:app)?\.com/api/webhooks/[\w/-]{10,256}"
)
_IN_URL = re.compile(r"(?<=://)[^\s:/@]{0,64}:([^\s/@]{1,256})@(?=[\w\[])")
_BEARER = re.compile(r"\b(?:[Bb]earer|[Bb]asic)\s+(?=[^\s\d=]{0,256}[\d=])([A-Za-z0-9._~+/=-]{16,4096})")
_PASSWORD = re.compile(
    r"(?<![^\W_])(?:pass(?:word|wort|wd|phrase|code|(?=\s?[:=]\s?\S*\d))|pwd|pw|kennwort|contraseña|contrasena|clave|senha"
    r"|mot de passe|mdp"
    r"|wachtwoord|parola d['’]ordine|parola|password|пароль)(?:_[A-Za-z0-9_]{1,20})?"
    r"(?:\s?\([^()\n]{1,20}\)|\s(?:for|of|to|für|vom|para|del?|pour|per|voor)\s[^\n:=]{1,30}?(?=\s))?"
    r"[\"'`]?\s{0,3}(?P<sign>=>|:=|=|:|\b(?:is|lautet|ist|es|est|è|é|war"
    r"|was)\b)\s{0,3}[\"'`]?(?P<value>[^\s\"'`<>]{3,256})",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?<![^\W_])(?:api[_ -]?key|access[_ -]?key|private[_ -]?key|secret(?:[_ -]?(?:access[_ -])?key)?"
    r"|client[_ -]?secret|token"
    r"|(?:access|auth|refresh|bot)[_ -]?token|cvc2?|cvv|apikey|accountkey|credentials?|otp|pin|tan|api[_ -]?schlüssel"
    r"|verification code)"
    r"(?:_[A-Za-z0-9_]{1,20})?[\"'`]?\s{0,3}(?:=>|:=|=|:|\b(?:is|lautet|ist|es|est"
    r"|è)\b)\s{0,3}[\"'`]?(?P<value>[^\s\"'`<>,;]{4,512})",
    re.IGNORECASE,
)
_LONG = re.compile(r"(?<![\w+/=.-])[A-Za-z0-9+_-][A-Za-z0-9+/_-]{30,511}={0,2}(?![\w+/=])")
_UNSIGNED = re.compile(
    r"(?<![^\W_])(?:(?:pass(?:word|wort)|pwd|pw|contraseña|senha|wachtwoord)\s"
    r"(?!(?:sha|md|oauth|base|utf|rfc|bcrypt|argon)-?\d)(?=[^\s\"'`<>]{0,60}\d)(?=[^\s\"'`<>]{0,60}[^\W\d_])"
    r"(?P<word>[^\s\"'`<>()]{6,64})"
    r"|(?:pin|otp|tan|cvc2?|cvv)(?:[ -]?code)?\s(?P<pin>\d{3,8})(?![\w.,:/-]*\d)"
    r"|(?:door|gate|alarm|entry|access|security|sms|login)[ -]?code(?:\s(?:is|ist|es))?:?\s(?P<code>\d{4,8})\b)",
    re.IGNORECASE,
)
"""What stands behind its word without a sign: for a password only what is no word."""
_REFERENCES = frozenset({"str", "string", "none", "null", "true", "false", "bool", "bytes", "text", "any", "undefined",
                         "required", "optional", "str | none"})  # fmt: skip
_DIGIT = re.compile(r"\d")
_HEX = re.compile(r"[0-9a-fA-F]+")
_HEX_SECRETS = frozenset({32, 48, 64, 96, 128})
_DIGESTED = re.compile(r"(?:sha-?\d{0,3}|md5|digest|checksum|hash|etag|commit|blob|tree)\W{0,3}$", re.IGNORECASE)
_PASSWORD_WORDS = (
    "pass",
    "pwd",
    "pw",
    "kennwort",
    "contrase",
    "clave",
    "senha",
    "mdp",
    "wachtwoord",
    "parola",
    "пароль",
)
_NAMED_WORDS = ("key", "secret", "token", "credential", "otp", "pin", "tan", "schlüssel", "code", "cvc", "cvv")
_LONGEST_WORD = 16
_LEAST_ENTROPY = 4.1
_LEAST_CHANGES = 0.38
_LEAST_DIGITS = 3
_SHORTEST, _LONGEST_PIN = 4, 8
_LEAST_KEY = 8


def find_secrets(text: str) -> Iterator[Span]:
    """Spans of secrets; where a word introduces one, the span is the secret alone."""
    folded = text.casefold()
    about_password = any(map(folded.__contains__, _PASSWORD_WORDS))
    # A key, a PIN and a password without a sign all hold a digit, and few texts do.
    with_digit = _DIGIT.search(text) is not None
    about_key = with_digit and any(map(folded.__contains__, _NAMED_WORDS))
    if about_key or (about_password and with_digit):
        for found in _UNSIGNED.finditer(text):
            yield _trimmed(text, *found.span(found.lastgroup or 0))
    if about_password:
        for found in _PASSWORD.finditer(text):
            if _is_password(found["value"], said=found["sign"].isalpha()):
                yield _trimmed(text, *found.span("value"))
    if about_key:
        for found in _NAMED.finditer(text):
            if _looks_made(found["value"], found[0]):
                yield _trimmed(text, *found.span("value"))
    if max(map(len, text.split()), default=0) >= _LONGEST_WORD or "-----BEGIN" in text:
        yield from _by_form(text)


def _by_form(text: str) -> Iterator[Span]:
    """Keys that show what they are without a word."""
    yield from (found.span() for found in _FORMS.finditer(text))
    for pattern in (_IN_URL, _BEARER):
        yield from (found.span(1) for found in pattern.finditer(text))
    yield from (found.span() for found in _LONG.finditer(text) if _is_disordered(text, *found.span()))


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without the punctuation of the sentence."""
    while end - start > 1 and text[end - 1] in ".,;!?)]}":
        end -= 1
    return start, end


def _is_password(value: str, *, said: bool) -> bool:
    """Behind a sign anything is one but a mere reference; behind `is` only what is no word (`is wrong`)."""
    if value.startswith(("$", "{", "*", "[", "http://", "https://", "Optional[", "os.", "process.env", "getenv(")):
        return False
    bare = value.strip(".,;:!?*_-()[]")
    if not bare or bare.casefold() in _REFERENCES:
        return False
    return not said or _is_mixed(value.rstrip(".,;:!?"))


def _is_mixed(value: str) -> bool:
    digits = any(one.isdigit() for one in value)
    letters = any(one.isalpha() for one in value)
    signs = any(not one.isalnum() and one not in "'’-" for one in value)
    inner = any(one.isupper() for one in value[1:]) and any(one.islower() for one in value)
    numeric = digits and len(value) <= _LONGEST_PIN
    made = (digits and letters) or signs or (inner and not value.isupper()) or numeric
    return len(value) >= _SHORTEST and made


def _looks_made(value: str, phrase: str) -> bool:
    """A key or token is not a word; a PIN is four to eight digits."""
    value = value.rstrip(".,;:!?)")
    if value.startswith(("$", "{", "*", "[", "http")):
        return False
    if value.isdecimal():
        short = phrase[:3].casefold() in {"pin", "tan", "otp", "cvc", "cvv"} or "code" in phrase.casefold()
        return _SHORTEST <= len(value) <= _LONGEST_PIN if short else len(value) > _LONGEST_PIN + _SHORTEST
    digits = sum(one.isdigit() for one in value)
    return len(value) >= _LEAST_KEY and digits > 0 and any(map(str.isalpha, value)) and not _DATELIKE.match(value)


_DATELIKE = re.compile(r"\d{4}-\d{2}-\d{2}|v?\d+\.\d+")


def _is_disordered(text: str, start: int, end: int) -> bool:
    """Random letters and digits, longer than any word."""
    before = text[max(0, start - 16) : start]
    bare = text[start:end].rstrip("=")
    if _HEX.fullmatch(bare):
        mixed = any(one.isdigit() for one in bare) and any(one.isalpha() for one in bare)
        return mixed and len(bare) in _HEX_SECRETS and not _DIGESTED.search(before)
    if bare.count("/") > 2 or bare.count("-") > 3 or bare.count("_") > 3:  # noqa: PLR2004 - paths, slugs and names
        return False
    digits = sum(one.isdigit() for one in bare)
    upper = sum(one.isupper() for one in bare)
    lower = sum(one.islower() for one in bare)
    if digits < _LEAST_DIGITS or upper < _LEAST_DIGITS or lower < _LEAST_DIGITS or _DIGESTED.search(before):
        return False
    length = len(bare)
    entropy = -sum(count / length * math.log2(count / length) for count in Counter(bare).values())
    return entropy >= _LEAST_ENTROPY and _changes(bare) >= _LEAST_CHANGES


def _changes(value: str) -> float:
    """How often neighbours differ in being capital, small or digit: words joined by capitals seldom do."""
    classes = [one.isdigit() + 2 * one.isupper() for one in value]
    return sum(one != other for one, other in pairwise(classes)) / len(value)
