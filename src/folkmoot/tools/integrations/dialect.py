"""What services have in common in how they say no, and where one differs: a subclass beside its client.

A refusal is read from status, headers and body into one `Refusal`; `calls.py` decides what follows from it.
"""

import email.utils
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, ClassVar, Final

import httpx
import orjson

from folkmoot.kernel import excerpt

_LONGEST_WORDS: Final = 300
_USED_UP_FOR: Final = timedelta(minutes=15)


class Kind(Enum):
    """What a refusal means, whichever service says it."""

    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    CONFLICT = auto()
    LIMITED = auto()
    INVALID = auto()
    FAILING = auto()
    """A fault of the service: it may or may not have done what it was asked."""
    CLOSED = auto()
    """A fault of the service, which surely did not take the request."""


_KINDS: Final = {
    401: Kind.UNAUTHORIZED,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    409: Kind.CONFLICT,
    410: Kind.NOT_FOUND,
    429: Kind.LIMITED,
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A refusal, read. `wait` is how long the service wants to be left alone, if it says; `reason` its own word."""

    kind: Kind
    message: str
    wait: timedelta | None = None
    reason: str = ""


class Dialect:
    """How most services say no. `used_up`: their own words for what a day holds, which no short wait brings back."""

    used_up: ClassVar[frozenset[str]] = frozenset()

    def read(self, status: int, headers: httpx.Headers, body: bytes, now: datetime) -> Refusal:
        """What a status of 400 and above means."""
        data = _json(body)
        kind, reason, wait = self.kind(status, data), self.reason(data), self.wait(headers, now)
        if kind is Kind.LIMITED and wait is None and reason in self.used_up:
            wait = _USED_UP_FOR
        return Refusal(kind=kind, message=excerpt(self.message(data), _LONGEST_WORDS), wait=wait, reason=reason)

    def kind(self, status: int, data: Any) -> Kind:  # noqa: ARG002  # a subclass looks into the body
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Kind.FAILING
        return _KINDS.get(status, Kind.INVALID)

    def message(self, data: Any) -> str:
        """The service's own sentence, empty if it says none."""
        found = data.get("message") if isinstance(data, dict) else None
        return found if isinstance(found, str) else ""

    def reason(self, data: Any) -> str:  # noqa: ARG002  # a subclass looks into the body
        """The service's own word for the case, for the client to decide by."""
        return ""

    def wait(self, headers: httpx.Headers, now: datetime) -> timedelta | None:
        """`Retry-After`, in seconds or as a date."""
        value = headers.get("retry-after", "").strip()
        if not value:
            return None
        try:
            seconds = float(value)
        except ValueError:
            try:
                until = email.utils.parsedate_to_datetime(value)
            except ValueError:
                return None
            seconds = (until - now).total_seconds() if until.tzinfo else 0.0
        return timedelta(seconds=min(max(seconds, 0.0), 86_400.0)) if math.isfinite(seconds) else None


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
