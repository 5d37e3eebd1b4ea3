"""What opens a service: a header for each call, and the words that must never be shown."""

from collections.abc import Collection
from typing import Protocol

from folkmoot.tools.integrations.errors import ServiceNotConfiguredError

_SHORTEST = 6  # masking less than that would only make riddles of sentences


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

    def __init__(self, key: str, *, service: str) -> None:
        """Raises `ServiceNotConfiguredError` for what no header can carry."""
        self._key = checked_key(key, service)

    def __repr__(self) -> str:
        return "BearerKey(***)"

    async def header(self, *, refused: str | None = None) -> str:  # noqa: ARG002  # there is no other
        return f"Bearer {self._key}"

    def secrets(self) -> Collection[str]:
        return (self._key,)

    async def close(self) -> None:
        return


def checked_key(key: str, service: str) -> str:
    """The key without blanks around it, if a header can carry it. Raises `ServiceNotConfiguredError`."""
    bare = key.strip()
    if not bare or not bare.isascii() or not bare.isprintable() or " " in bare:
        raise ServiceNotConfiguredError(
            f"{service}'s key is empty or has characters that no key has; copy it again", service=service
        )
    return bare


def without(secrets: Collection[str], text: str) -> str:
    """`text` with every secret in it replaced by `***`."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "***")
    return text
