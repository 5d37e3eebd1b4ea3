"""What can go wrong with a twin. What is wrong with an export file stands in `importers.errors`."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class TwinError(FolkmootError):
    """The family of this room."""

    code: ClassVar[str] = "twin"
    family: ClassVar[Family] = Family.INVALID


class UnknownTwinError(TwinError):
    """Nobody of this name has a twin here."""

    code = "twin_unknown"
    family = Family.NOT_FOUND


def unknown_twin(person: str) -> UnknownTwinError:
    """The same words for whoever has no twin and for one who is not the asker's affair."""
    return UnknownTwinError(
        f'there is no twin of {person}; make one with: folkmoot twin setup "{person}"', person=person
    )


class UnknownImportError(TwinError):
    """No import has this id."""

    code = "import_unknown"
    family = Family.NOT_FOUND


class InvalidOptionError(TwinError):
    """What was said about an export makes no sense; `field` names it."""

    code = "import_option_invalid"


class AuthorNeededError(TwinError):
    """It is not clear which author of the export is the person; `authors` maps each name found to its entries."""

    code = "author_needed"


class RedactionFailedError(TwinError):
    """Personal data could not be removed from a text, so the import stopped and took back what it had stored."""

    code = "import_unredacted"
    family = Family.INTERNAL


class NoTextsError(TwinError):
    """There is nothing to learn a profile from."""

    code = "profile_without_texts"
    family = Family.NOT_FOUND
