"""What a browser is told with every answer: guess no types, frame nothing, send no addresses on, load nothing.

The API's answers are data, so their policy allows nothing at all. Pages say what they need by themselves: the dashboard
in its own `PageHeaders`, `/docs` where it is made.
"""

import base64
import hashlib
import re
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS: Final = (
    ("content-security-policy", NOTHING),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(self), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-permitted-cross-domain-policies", "none"),
)
SECURE_FOR: Final = 365 * 86400
_RAW: Final = tuple((name.encode(), value.encode()) for name, value in HEADERS)
_STRICT_TRANSPORT: Final = (b"strict-transport-security", f"max-age={SECURE_FOR}".encode())
_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class SecurityHeaders:
    """ASGI middleware above everything that answers; a header that the answer has already is left."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                present = {name for name, _ in headers}
                headers.extend(one for one in _RAW if one[0] not in present)
                if scope["scheme"] == "https" and _STRICT_TRANSPORT[0] not in present:
                    headers.append(_STRICT_TRANSPORT)
            await send(message)

        await self._app(scope, receive, with_headers)


def protect(headers: MutableHeaders) -> None:
    """The same for an answer that is made above every middleware."""
    for name, value in HEADERS:
        headers.setdefault(name, value)


def policy_of_page(html: str) -> str:
    """The policy of a page of ours: own assets, and the inline scripts that stand in `html` now and no others."""
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(html))
    known = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {known}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
