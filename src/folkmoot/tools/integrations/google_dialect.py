"""How Google's APIs say no: `{"error": {"code", "message", "errors": [{"domain", "reason"}], "status"}}`.

A 403 may mean three things there: that the quota of this minute is used up, that the API is not switched on for the
project of the key, and that this key may not do this.
"""

from http import HTTPStatus
from typing import Any, Final

from folkmoot.tools.integrations.dialect import Dialect, Kind

_LIMITS: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
_NOT_OURS: Final = frozenset({"accessNotConfigured", "SERVICE_DISABLED", "domainPolicy"})


class GoogleDialect(Dialect):
    """Reads the reason of a refusal."""

    used_up = frozenset({"dailyLimitExceeded", "quotaExceeded"})

    def kind(self, status: int, data: Any) -> Kind:
        if status == HTTPStatus.FORBIDDEN:
            reason = self.reason(data)
            if reason in _LIMITS:
                return Kind.LIMITED
            if reason in _NOT_OURS:
                return Kind.UNAUTHORIZED
        return super().kind(status, data)

    def message(self, data: Any) -> str:
        error = data.get("error") if isinstance(data, dict) else None
        return super().message(error)

    def reason(self, data: Any) -> str:
        error = data.get("error") if isinstance(data, dict) else None
        errors = error.get("errors") if isinstance(error, dict) else None
        first = errors[0] if isinstance(errors, list) and errors else None
        found = first.get("reason") if isinstance(first, dict) else None
        return found if isinstance(found, str) else ""
