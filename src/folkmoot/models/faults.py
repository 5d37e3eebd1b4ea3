"""What pydantic-ai, an SDK or a server raises, in words a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from pydantic_ai import exceptions as theirs

from folkmoot.kernel import excerpt
from folkmoot.models.errors import (
    ModelAnswerInvalidError,
    ModelBudgetExceededError,
    ModelLimitedError,
    ModelRefusedError,
    ModelsError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnknownModelError,
)

_SERVER_FAULT: Final = 500


@contextmanager
def own_words(model: str) -> Iterator[None]:
    """Raise `ModelsError` instead of what asking `model` raises; everything else, a tool's own error too, passes."""
    try:
        yield
    except (theirs.AgentRunError, TimeoutError, theirs.FallbackExceptionGroup) as error:
        raise translated(model, error) from error


def fails(error: BaseException) -> bool:
    """Whether it says that the model itself is not well: what a breaker counts."""
    return isinstance(
        error,
        theirs.ModelConnectionError
        | theirs.ModelServerError
        | theirs.ModelUnavailableError
        | theirs.ModelQuotaExceededError
        | theirs.ModelRequestTimeout
        | TimeoutError,
    ) or (isinstance(error, theirs.ModelHTTPError) and error.status_code >= _SERVER_FAULT)


def passes(error: BaseException) -> bool:
    """Whether the same request may well be answered a moment later. One waited for in vain is not among them."""
    if isinstance(error, theirs.ModelTimeoutError | theirs.ModelQuotaExceededError | theirs.ModelRequestTimeout):
        return False
    return isinstance(error, theirs.ModelRateLimitError) or (fails(error) and not isinstance(error, TimeoutError))


def pause_asked(error: BaseException) -> timedelta | None:
    """How long the server wants to be left alone, if it said."""
    seconds = getattr(error, "retry_after", None)
    return timedelta(seconds=seconds) if isinstance(seconds, int | float) and seconds >= 0 else None


def translated(model: str, error: Exception) -> ModelsError:  # noqa: PLR0911  # one line per case is the table itself
    """The case of `ModelsError` that `error` is. The narrower of their classes stand first."""
    said = _said(error)
    match error:
        case theirs.FallbackExceptionGroup():
            return _nobody(model, error)
        case theirs.UsageLimitExceeded():
            return ModelBudgetExceededError(f"the run was ended by the agent's limits: {said}", model=model)
        case theirs.ContentFilterError():
            return ModelRefusedError(f"{model} refused the content: {said}", model=model)
        case theirs.UnexpectedModelBehavior():
            return ModelAnswerInvalidError(
                f"{model} did not answer with what was asked for, also when asked again: {said}", model=model
            )
        case theirs.ModelTimeoutError() | theirs.ModelRequestTimeout() | TimeoutError():
            return ModelTimeoutError(f"{model} did not answer in time; try again, or use a faster model", model=model)
        case theirs.ModelRateLimitError() | theirs.ModelQuotaExceededError():
            return ModelLimitedError(
                f"{model} takes no more requests now: {said}", model=model, retry_after_seconds=error.retry_after
            )
        case theirs.ModelAuthenticationError():
            return ModelRefusedError(f"{model} refused the key; check the provider's API key: {said}", model=model)
        case theirs.ModelNotFoundError():
            return UnknownModelError(f"the server has no model {model}: {said}", model=model)
        case theirs.ModelRequestRejectedError():
            return ModelRefusedError(f"{model} refused the request: {said}", model=model)
        case _:
            return ModelUnavailableError(f"{model} cannot be reached or is failing: {said}", model=model)


def _nobody(model: str, group: theirs.FallbackExceptionGroup) -> ModelsError:
    """What it means that every model of a chain failed: what they have in common, and what each said."""
    faults = [one if isinstance(one, ModelsError) else translated(model, one) for one in group.exceptions]
    message = f"none of the models {model} could be asked: {'; '.join(one.message for one in faults)}"
    waits = [one.fields.get("retry_after_seconds") for one in faults]
    known = [wait for wait in waits if isinstance(wait, int | float)]
    kinds = {type(one) for one in faults}
    kind = kinds.pop() if len(kinds) == 1 else ModelUnavailableError
    return kind(message, model=model, **({"retry_after_seconds": min(known)} if known else {}))


def _said(error: Any) -> str:
    body = getattr(error, "body", None)
    detail = body.get("message") if isinstance(body, dict) else None
    return excerpt(str(detail or getattr(error, "message", "") or error or type(error).__name__), 300)
