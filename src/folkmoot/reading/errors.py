"""What can be wrong with a document, said so that whoever handed it over can mend it."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError
from folkmoot.kernel.text import JsonValue


class ReadingError(FolkmootError):
    """The family of this room."""

    code: ClassVar[str] = "reading"
    family: ClassVar[Family] = Family.INVALID


class UnreadableDocumentError(ReadingError):
    """A document from which no text can be had; its subclasses say why."""

    code = "document_unreadable"


class UnknownKindError(UnreadableDocumentError):
    """Neither text nor a kind of document that can be read."""

    code = "document_kind_unknown"


class EmptyDocumentError(UnreadableDocumentError):
    """There is no word in it."""

    code = "document_empty"


class EncryptedDocumentError(UnreadableDocumentError):
    """It opens with a password only."""

    code = "document_encrypted"


class BrokenDocumentError(UnreadableDocumentError):
    """It is cut off, damaged, or not what its beginning says."""

    code = "document_broken"


class PicturesOnlyError(UnreadableDocumentError):
    """Its pages are pictures: a scan without a text layer."""

    code = "document_without_text"


class HostileDocumentError(UnreadableDocumentError):
    """Reading it takes more memory or time than any honest document of its size."""

    code = "document_refused"


class DocumentTooLargeError(ReadingError):
    """The file is over the limit, or holds more text than is kept of one document."""

    code = "document_too_large"
    family = Family.TOO_LARGE


class ReaderUnavailableError(ReadingError):
    """The process that reads could not be started."""

    code = "reader_unavailable"
    family = Family.UNAVAILABLE


_ALL = (
    UnreadableDocumentError,
    UnknownKindError,
    EmptyDocumentError,
    EncryptedDocumentError,
    BrokenDocumentError,
    PicturesOnlyError,
    HostileDocumentError,
    DocumentTooLargeError,
)


def as_told(code: str, message: str, fields: dict[str, JsonValue]) -> ReadingError:
    """The error that the reading process told by its code."""
    kind = next((one for one in _ALL if one.code == code), UnreadableDocumentError)
    return kind(message, **fields)
