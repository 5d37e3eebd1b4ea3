"""What opens a service: a header for each call, and the words that must never be shown."""

from collections.abc import Collection
from typing import Protocol


class Key(Protocol):
    """Makes the header `Authorization`."""

    async def header(self, *, refused: str | None = None) -> str:
        """The header's value, another than the one that was `refused`. Raises `IntegrationError`s."""
        ...

    @property
    def renewable(self) -> bool:
        """Whether there can be another one."""
        ...

    def secrets(self) -> Collection[str]:
        """Everything that must not be seen in a message or a log."""
        ...

    async def close(self) -> None:
        """Let go of connections of its own."""
        ...


class BearerKey:
    """A key that is sent as it is, and that nothing renews."""

    renewable = False

    def __init__(self, key: str) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "BearerKey(***)"

    async def header(self, *, refused: str | None = None) -> str:  # noqa: ARG002  # there is no other
        return f"Bearer {self._key}"

    def secrets(self) -> Collection[str]:
        return (self._key,)

    async def close(self) -> None:
        return


def without(secrets: Collection[str], text: str) -> str:
    """`text` with every secret in it replaced by `***`."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text
