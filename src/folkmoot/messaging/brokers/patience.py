"""The end of a sender's patience with a reply."""

from datetime import timedelta
from typing import Any

from folkmoot.messaging.brokers.replies import Asker
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import ReplyTimeoutError


def lose_patience(asker: Asker[Any], message: AgentMessage, timeout: timedelta) -> None:
    """No reply came in time: tell `asker`."""
    asker.failed(
        ReplyTimeoutError(
            f"{message.recipient_id} did not answer within {timeout.total_seconds():g} s; message {message.message_id} "
            "stays accepted: repeat the request with the same message_id to go on waiting",
            message_id=message.message_id,
            timeout_seconds=timeout.total_seconds(),
        )
    )
