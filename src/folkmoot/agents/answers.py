"""The answer that programs get where they asked a role: `{success, data, error}`, and no exception (SPEC B2, B3)."""

from collections.abc import Awaitable, Collection
from typing import Any, Final, TypedDict

from folkmoot.kernel import FolkmootError
from folkmoot.messaging import AgentMessage

_REFUSALS: Final[Collection[str]] = frozenset({"error", "failed", "failure", "refused", "rejected", "denied"})


class Answer(TypedDict):
    """`data` is what was replied; `error` a sentence, set where `success` is False."""

    success: bool
    data: Any
    error: str | None


async def answer_of(asking: Awaitable[AgentMessage]) -> Answer:
    """What came of a question. A reply whose own `status` says so is a failure too."""
    try:
        data = (await asking).payload.data
    except FolkmootError as error:
        return failure(error.message)
    status = str(data.get("status", "")).casefold()
    if status in _REFUSALS:
        said = data.get("error") or data.get("message") or data.get("reason") or f"the answer's status is '{status}'"
        return Answer(success=False, data=data, error=str(said))
    return Answer(success=True, data=data, error=None)


def failure(said: str) -> Answer:
    """An answer that is none, and why."""
    return Answer(success=False, data=None, error=said)
