"""What can be wrong with an export, and how to mend it. Every case belongs to the family of invalid input."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class ImportFormatError(FolkmootError):
    """An export cannot be read as it is."""

    code: ClassVar[str] = "export_invalid"
    family: ClassVar[Family] = Family.INVALID


class UnknownPlatformError(ImportFormatError):
    """Nobody here reads exports of the platform that was named."""

    code: ClassVar[str] = "platform_unknown"


class UnknownExportError(ImportFormatError):
    """The file is of no kind that is known here."""

    code: ClassVar[str] = "export_unknown"


class NotAnExportError(ImportFormatError):
    """The file is not what its platform writes."""

    code: ClassVar[str] = "export_not_of_platform"


class MissingExportError(ImportFormatError):
    """There is no such file, or it cannot be opened."""

    code: ClassVar[str] = "export_missing"


class EmptyExportError(ImportFormatError):
    """There is nothing in the file."""

    code: ClassVar[str] = "export_empty"


class BinaryExportError(ImportFormatError):
    """The file holds no text."""

    code: ClassVar[str] = "export_binary"


class UndecodableExportError(ImportFormatError):
    """The text is in another encoding than expected."""

    code: ClassVar[str] = "export_undecodable"


class BrokenArchiveError(ImportFormatError):
    """A zip file is cut off, damaged or encrypted."""

    code: ClassVar[str] = "export_archive_broken"


class OversizedArchiveError(ImportFormatError):
    """A zip file would unpack into more than an export can be."""

    code: ClassVar[str] = "export_archive_oversized"
    family: ClassVar[Family] = Family.TOO_LARGE


class SeveralExportsError(ImportFormatError):
    """An archive or a folder holds several exports and nobody said which is meant."""

    code: ClassVar[str] = "export_several"


class AmbiguousDatesError(ImportFormatError):
    """Every date of the file can be read day first and month first."""

    code: ClassVar[str] = "ambiguous_dates"


class WrongDateOrderError(ImportFormatError):
    """The file holds dates that the given order cannot mean."""

    code: ClassVar[str] = "date_order_wrong"


class InvalidReadOptionError(ImportFormatError):
    """Something said about a file cannot be understood."""

    code: ClassVar[str] = "read_option_invalid"


class UnknownDayPartError(ImportFormatError):
    """A word beside the time may mean morning or afternoon, in a language that is not known here."""

    code: ClassVar[str] = "day_part_unknown"


class UnknownTimezoneError(ImportFormatError):
    """A time zone's name is not in the IANA database."""

    code: ClassVar[str] = "timezone_unknown"


class MissingColumnsError(ImportFormatError):
    """A table lacks columns that are needed, or that were named."""

    code: ClassVar[str] = "columns_missing"


class RepositoryError(ImportFormatError):
    """Git could not list the history of a folder."""

    code: ClassVar[str] = "repository_unreadable"
