"""What the log keeps of parameters, results and errors: no secret, and nothing long.

A value is masked where its name says that it is a secret; within texts, what has the form of one is. E-mail addresses
stay: they say to whom something was sent.
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Final

from folkmoot.kernel import JsonValue
from folkmoot.security.patterns import find_secrets
from folkmoot.security.redaction import Redactor

MASK: Final = "***"
KEPT_TEXT: Final = 2_000
KEPT_BYTES: Final = 64 * 1024
_DEEP: Final = 8
_WIDE: Final = 100
_SHORTEST: Final = 8
_NAME: Final = re.compile(
    r"token|secret|passw|passphrase|passcode|pwd|api[_-]?key|access[_-]?key|private[_-]?key|authorization|cookie"
    r"|credential|bearer|signature|^pin$|^otp$|^auth$",
    re.IGNORECASE,
)
_TEXT: Final = re.compile(
    r"(?i)\b(bearer\s+|basic\s+(?=[^\s]{16})|(?:access_|refresh_)?token=|password=|passwd=|secret=|api_?key=|sig(?:nature)?=)"
    r"[^\s&\"']+"
)


_WORDS: Final = ("bearer", "basic", "token", "pass", "secret", "key", "sig")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_-]{0,39}")


class Masker:
    """Masks; `known` are secrets of this house that are masked wherever they turn up."""

    def __init__(self, *, known: Iterable[str] = ()) -> None:
        self._known = sorted({one for one in known if len(one) >= _SHORTEST}, key=len, reverse=True)
        self._redactor = Redactor(finders=(("secret", find_secrets),))

    def text(self, text: str, *, limit: int = KEPT_TEXT) -> str:
        """A text without secrets, cut at `limit` characters."""
        # What is cut off later must be looked at first, up to a bound: a secret may stand across the cut.
        text = text[: limit + 4096].replace("\x00", "\N{REPLACEMENT CHARACTER}")
        text = text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be stored
        for one in self._known:
            text = text.replace(one, MASK)
        if len(text) >= _SHORTEST:
            folded = text.casefold()
            if any(map(folded.__contains__, _WORDS)):
                text = _TEXT.sub(rf"\1{MASK}", text)
            text = self._redactor.redact(text).text
        return text if len(text) <= limit else f"{text[: limit - 1]}…"

    def parameters(self, parameters: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Parameters of a call as the log keeps them."""
        masked = self.value(dict(parameters))
        return masked if isinstance(masked, dict) else {}

    def value(self, value: JsonValue, *, limit: int = KEPT_TEXT, depth: int = 0) -> JsonValue:
        """Any JSON value; what lies too deep, or beyond a hundred entries, is left away."""
        if isinstance(value, str):
            return self.text(value, limit=limit)
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if isinstance(value, bool | int | float) or value is None:
            return value
        if depth >= _DEEP:
            return "…"
        if isinstance(value, list):
            return [self.value(one, limit=limit, depth=depth + 1) for one in value[:_WIDE]]
        return {
            self._name(str(name)): MASK
            if _NAME.search(str(name)) and one not in (None, "", True, False)
            else self.value(one, limit=limit, depth=depth + 1)
            for name, one in list(value.items())[:_WIDE]
        }

    def _name(self, name: str) -> str:
        return name if _PLAIN_NAME.fullmatch(name) else self.text(name, limit=200)
