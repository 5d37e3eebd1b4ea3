"""What can go wrong with a message."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class MessagingError(FolkmootError):
    """The family of messaging faults."""

    code: ClassVar[str] = "messaging"
    family: ClassVar[Family] = Family.INVALID


class MessageTooLargeError(MessagingError):
    """The message is larger than the limit."""

    code = "message_too_large"
    family = Family.TOO_LARGE


class MailboxFullError(MessagingError):
    """The recipient's mailbox holds as many messages as it may; send again later."""

    code = "mailbox_full"
    family = Family.LIMITED


class SendingTooFastError(MessagingError):
    """The sender sent too much in too short a time. The field `retry_after_seconds` says when it may again."""

    code = "sending_too_fast"
    family = Family.LIMITED


class NotReachableError(MessagingError):
    """The sender may not send to that agent."""

    code = "not_reachable"
    family = Family.FORBIDDEN


class NobodyFitsError(MessagingError):
    """No online agent fits the address."""

    code = "nobody_fits"
    family = Family.UNAVAILABLE


class ReservedIdError(MessagingError):
    """The id means something else already; take another."""

    code = "reserved_message_id"


class UnknownMessageError(MessagingError):
    """There is no such message (any more)."""

    code = "unknown_message"
    family = Family.NOT_FOUND


class ReplyTimeoutError(MessagingError):
    """No reply came in time; the message itself stays accepted."""

    code = "reply_timeout"
    family = Family.TIMEOUT


class HandlingFailedError(MessagingError):
    """The recipient gave up on the message, or it expired."""

    code = "handling_failed"
    family = Family.UNAVAILABLE


class HandlingRefusedError(HandlingFailedError):
    """The recipient said that the request is wrong: the same again would be refused again."""

    family = Family.INVALID


class HandlingForbiddenError(HandlingFailedError):
    """The recipient may not do that for whoever asks."""

    family = Family.FORBIDDEN


class HandlingLimitedError(HandlingFailedError):
    """The recipient may not do more now. The field `retry_after_seconds` says when, if anybody knows."""

    family = Family.LIMITED


class AlreadyHandledError(MessagingError):
    """An earlier attempt's transaction committed: the effect is there, and only the acknowledgement was lost."""

    code = "already_handled"
    family = Family.CONFLICT


class NoTransactionError(MessagingError):
    """The process that handles the message has no database."""

    code = "no_transaction"
    family = Family.INVALID


class BrokerStoppedError(MessagingError):
    """The broker is not running."""

    code = "broker_stopped"
    family = Family.UNAVAILABLE


class SealError(MessagingError):
    """What is sealed cannot be opened here: no time heals it, so the message is a dead letter at once."""

    code = "message_seal"
    passing = False


class SealBrokenError(SealError):
    """What is sealed was changed on its way, or another secret bears the key's name."""

    code = "message_seal_broken"


class UnknownSealKeyError(SealError):
    """The key that sealed the message is not among those configured here."""

    code = "unknown_seal_key"


class UnsealedError(SealError):
    """The message is not sealed, and what is not sealed is refused."""

    code = "message_unsealed"


class AlreadySealedError(SealError):
    """Who sends a message may not say that it is sealed."""

    code = "message_already_sealed"


class BadSealKeyError(SealError):
    """The configured keys cannot be used."""

    code = "bad_seal_key"
