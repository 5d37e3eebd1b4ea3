"""What the transports ask of the guard; the guard itself is in `urls`, which imports them."""

from collections.abc import Sequence
from typing import Protocol


class Judge(Protocol):
    """Says where a connection may lead."""

    def inspect(self, url: str) -> object:
        """Raise `UrlForbiddenError` for a URL that is wrong by its looks."""
        ...

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, each judged; raises `UrlForbiddenError`, `UnknownHostError`."""
        ...
