"""Secrets never reach a log: fields with a secret's name, tokens and keys inside texts, and known values anywhere.

Three nets, because each alone has holes: names miss a key in a message, patterns miss a password that looks like a
word, and known values are only those of the settings.
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Final

MASK: Final = "***"
_SECRET_NAME: Final = re.compile(
    r"(token|secret|password|passwd|passphrase|api_?key|private_?key|encryption_?key|authorization|cookie|credential)",
    re.IGNORECASE,
)
# Counted, not secret: `input_tokens`, `max_tokens`, `token_count`.
_NOT_SECRET: Final = re.compile(r"(tokens$|^token_count$|_tokens_)", re.IGNORECASE)
_NAMED: Final = re.compile(
    r"""(?ix)
    ( (?: token | secret | password | passwd | api[_-]?key | private[_-]?key | authorization | cookie )
      (?!s\b) [\w-]{0,30} ["']? \s{0,4} [=:] \s{0,4} ["']? (?: bearer\s+ | basic\s+ | token\s+ )? )
    (?! \*\*\* ) [^\s&"',;)}\]]+
    """
)
_BEARER: Final = re.compile(r"(?i)\b(bearer|basic)(\s+)(?!\*\*\*)[\w.~+/=-]{6,}")
_IN_URL: Final = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@]{0,200}:)[^\s/@]+(?=@)")
_QUERY: Final = re.compile(r"(?i)([?&](?:token|key|code|sig|signature|access_token|state)=)[^\s&\"'#]+")
_SHAPES: Final = re.compile(
    r"""(?x)
    \b (?: sk-[\w-]{8,} | (?:fm[a-z]?|pat|xox[a-z])[_-][\w-]{8,} | gh[pousr]_\w{16,} | SG\.[\w-]{8,}\.[\w-]{8,}
         | AKIA[0-9A-Z]{12,} | AIza[\w-]{20,} | ya29\.[\w-]{8,}
         | eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]{4,} )
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    """,
    re.DOTALL,
)
_HINTS: Final = ("bearer", "basic", "token", "secret", "passw", "key", "authorization", "cookie")
_SHORTEST: Final = 6  # a known value that is shorter would blank out half of every line
_DEEPEST: Final = 8


class Masking:
    """A processor of structlog: replaces secrets in an event by `***`."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in list(event.items()):
            if key.startswith("_"):  # structlog's own, and gone before anything is written
                continue
            event[key] = self.value(key, value)
        return event

    def value(self, name: str, value: Any, depth: int = 0) -> Any:
        """`value` as it may be written under `name`."""
        if value is None or isinstance(value, bool):
            return value
        if _is_secret(name) or depth > _DEEPEST:
            return MASK
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(str(key), one, depth + 1) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value("", one, depth + 1) for one in value]
        if isinstance(value, int | float):
            return value
        return self.text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))

    def text(self, text: str) -> str:
        """`text` without the secrets in it."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        lowered = text.casefold()
        # Most lines have none of these words, and looking for a word is quicker than trying a pattern everywhere.
        if any(word in lowered for word in _HINTS):
            text = _BEARER.sub(rf"\1\2{MASK}", text)
            text = _NAMED.sub(rf"\1{MASK}", text)
        if "://" in text or "=" in text:
            text = _IN_URL.sub(rf"\1{MASK}", text)
            text = _QUERY.sub(rf"\1{MASK}", text)
        return _SHAPES.sub(MASK, text)


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _NOT_SECRET.search(name)
