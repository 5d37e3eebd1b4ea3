"""What can go wrong with a document; what is wrong inside a file stands in `folkmoot.reading`."""

from folkmoot.kernel import Family
from folkmoot.memory.errors import MemoryRoomError


class UnknownDocumentError(MemoryRoomError):
    """There is no such document, or it is in a scope that whoever asks may not see."""

    code = "document_unknown"
    family = Family.NOT_FOUND


class UnknownSourceError(MemoryRoomError):
    """No folder of this id is followed."""

    code = "source_unknown"
    family = Family.NOT_FOUND


class ScopeNotAllowedError(MemoryRoomError):
    """Somebody would add to a scope that is not theirs."""

    code = "scope_not_allowed"
    family = Family.FORBIDDEN


class NotYourDocumentError(MemoryRoomError):
    """Somebody would replace or delete what another person added."""

    code = "document_not_yours"
    family = Family.FORBIDDEN


class FollowedDocumentError(MemoryRoomError):
    """A document that is followed from elsewhere cannot be changed here."""

    code = "document_followed"
    family = Family.CONFLICT


class InvalidDocumentError(MemoryRoomError):
    """A name or a scope that cannot be one."""

    code = "document_invalid"
