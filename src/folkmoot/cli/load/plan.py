"""What load is put on which server. Pure."""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

SENTENCES: Final = (
    "Hello! What can you help with?",
    "What should I do first today?",
    "Which of the two would you take, and why?",
    "Give me a short summary of what you know about it.",
    "How long will that take?",
    "Thanks. Anything else that I should know?",
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`clients` users send for `duration` seconds.

    Without `rate` each sends its next message `pause` seconds after it was answered (a closed model). With `rate`, that
    many messages a second are due for all together whatever the server does (an open model), and latency counts from
    when a message was due, not from when somebody was free to send it. `timeout`: seconds to wait for an answer.
    `verify` False: the certificate need not name the address, for a server of this machine.
    """

    url: str
    token: str
    clients: int
    duration: float
    rate: float | None = None
    pause: float = 0.2
    agent: str | None = None
    messages: tuple[str, ...] = SENTENCES
    timeout: float = 60.0
    verify: bool = True

    @property
    def socket_url(self) -> str:
        """Where rooms are: a user's name follows."""
        return f"{re.sub('^http', 'ws', self.url.rstrip('/'))}/ws/"

    def as_json(self) -> dict[str, Any]:
        """For the report; the token is left out, and so is what an address may hold of one."""
        parts = urlsplit(self.url)
        return {
            "url": f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}",
            "clients": self.clients,
            "seconds": self.duration,
            "model": "closed" if self.rate is None else "open",
            "wanted_rate": self.rate,
            "pause_seconds": self.pause if self.rate is None else None,
            "agent": self.agent,
            "messages": len(self.messages),
            "timeout_seconds": self.timeout,
        }
