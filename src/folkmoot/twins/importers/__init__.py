"""Exports of chats and other histories, read into records: `open_export` takes a file of any platform known here
(WhatsApp, LinkedIn, git, JSON lines, CSV) and yields `ExportRecord`s, accounting for every entry. `preview` shows
what a file would give. `Pseudonyms` hides the other people of a chat. Storing is done elsewhere.
"""

from folkmoot.twins.importers.errors import AmbiguousDatesError, ImportFormatError, UnknownPlatformError
from folkmoot.twins.importers.git_repository import dump_repository
from folkmoot.twins.importers.open import Export, open_export
from folkmoot.twins.importers.preview import preview
from folkmoot.twins.importers.pseudonyms import Pseudonyms
from folkmoot.twins.importers.record import Account, DateOrder, ExportRecord, Kind, ReadOptions

__all__ = [
    "Account",
    "AmbiguousDatesError",
    "DateOrder",
    "Export",
    "ExportRecord",
    "ImportFormatError",
    "Kind",
    "Pseudonyms",
    "ReadOptions",
    "UnknownPlatformError",
    "dump_repository",
    "open_export",
    "preview",
]
