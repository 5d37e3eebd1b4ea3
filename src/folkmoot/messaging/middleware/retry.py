"""A message whose handling failed is tried again, later each time, until it is given up."""

from datetime import timedelta

from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware.middleware import Middleware
from folkmoot.messaging.retry import RetryPolicy


class Retry(Middleware):
    """Follows a `RetryPolicy`."""

    def __init__(self, policy: RetryPolicy | None = None) -> None:
        self._policy = policy or RetryPolicy()

    def trying_again(self, message: AgentMessage, attempt: int, error: Exception) -> timedelta | None:  # noqa: ARG002  # one policy for all
        return None if self._policy.gives_up(attempt, error) else self._policy.delay(attempt)
