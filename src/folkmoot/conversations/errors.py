"""What can go wrong with conversations."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class ConversationError(FolkmootError):
    """The family of faults of conversations."""

    code: ClassVar[str] = "conversation"
    family: ClassVar[Family] = Family.INVALID


class UnknownConversationError(ConversationError):
    """There is no such conversation, or none of the asker's."""

    code = "unknown_conversation"
    family = Family.NOT_FOUND


class UnknownChatMessageError(ConversationError):
    """The conversation has no such message."""

    code = "unknown_chat_message"
    family = Family.NOT_FOUND


class UnknownGalleryItemError(ConversationError):
    """The gallery has no such item, or none of the asker's to take back."""

    code = "unknown_gallery_item"
    family = Family.NOT_FOUND


class BadSayingError(ConversationError):
    """What was said cannot be taken as it is."""

    code = "bad_chat_message"


class AttachmentTooLargeError(ConversationError):
    """An attachment, or all of them, are over the limit."""

    code = "attachment_too_large"
    family = Family.TOO_LARGE


class NotAnswerableError(ConversationError):
    """This message is none that can be answered again, edited or cancelled as it stands."""

    code = "not_answerable"
    family = Family.CONFLICT


class NobodyAnswersError(ConversationError):
    """No agent that may answer is online."""

    code = "nobody_answers"
    family = Family.UNAVAILABLE


class AnswerRefusedError(ConversationError):
    """The turn was accepted, and the agent refused it for a reason of its own; both are in the history."""

    code = "answer_refused"
    family = Family.CONFLICT


class AnswerFailedError(ConversationError):
    """The turn was accepted and its answer failed; both are in the history."""

    code = "answer_failed"
    family = Family.UNAVAILABLE
