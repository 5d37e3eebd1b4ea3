"""What pydantic-ai, an SDK or a server raises, in words a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


@contextmanager
def own_words(model: str) -> Iterator[None]:
    """Raise `ModelsError` instead of what asking `model` raises; everything else, a tool's own error too, passes."""
    try:
        yield
    except (theirs.AgentRunError, TimeoutError) as error:
        raise translated(model, error) from error


def translated(model: str, error: Exception) -> ModelsError:  # noqa: PLR0911  # one line per case is the table itself
    """The case of `ModelsError` that `error` is. The narrower of their classes stand first."""
    said = _said(error)
    match error:
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


def _said(error: Any) -> str:
    body = getattr(error, "body", None)
    detail = body.get("message") if isinstance(body, dict) else None
    return excerpt(str(detail or getattr(error, "message", "") or error or type(error).__name__), 300)
