"""A service that may be there or not, and how its faults look to whoever called a tool."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from folkmoot.tools.errors import ToolAwayError, ToolFailedError, ToolSkippedError, ToolUncertainError
from folkmoot.tools.integrations.errors import (
    IntegrationError,
    OutcomeUnknownError,
    ServiceAnswerInvalidError,
    ServiceDownError,
    ServiceLimitedError,
    ServiceNotConfiguredError,
    ServiceUnauthorizedError,
)

Client = TypeVar("Client")

# The first kind passes by itself; of the second, nobody knows that but a person.
_AWAY = (ServiceDownError, ServiceLimitedError)
_UNUSABLE = (ServiceNotConfiguredError, ServiceUnauthorizedError, ServiceAnswerInvalidError)


@dataclass(frozen=True, kw_only=True)
class Connection(Generic[Client]):
    """A client, or why there is none. `broken`: something is configured, and it cannot be used."""

    service: str
    client: Client | None
    why_not: str = ""
    broken: bool = False

    def get(self) -> Client:
        """The client. Raises `ServiceNotConfiguredError`."""
        if self.client is None:
            raise ServiceNotConfiguredError(f"{self.service} is not configured: {self.why_not}", service=self.service)
        return self.client


class Progress:
    """What a tool of several steps has done so far, for the case that the next one fails."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def add(self, what: str) -> None:
        """Something lasting is done: from now on a fault leaves the whole half done."""
        self.done.append(what)


@contextmanager
def told_as_tool() -> Iterator[Progress]:
    """Raise the tools' own errors for those of a service: skipped if it is away, uncertain if nobody knows."""
    progress = Progress()
    try:
        yield progress
    except IntegrationError as error:
        if progress.done:
            raise ToolUncertainError(
                f"half done: {', '.join(progress.done)}; then {error.message}. Made again, this call finishes the "
                "rest and repeats nothing",
                **error.fields,
            ) from error
        if isinstance(error, OutcomeUnknownError):
            raise ToolUncertainError(error.message, **error.fields) from error
        if isinstance(error, _AWAY):
            raise ToolAwayError(error.message, **error.fields) from error
        if isinstance(error, _UNUSABLE):
            raise ToolSkippedError(error.message, **error.fields) from error
        raise ToolFailedError(error.message, **error.fields) from error
