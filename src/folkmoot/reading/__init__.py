"""What a document says, in pieces that can be searched and cited.

A file that somebody hands over may be broken or hostile, so it is read in a process of its own, with limits on memory,
processor and time: whatever a file does there, the server goes on. This room knows no database and nobody's rights; it
turns a file into chunks of text that say where in the file they stand. Its process imports nothing but this room.
"""

from folkmoot.reading.errors import (
    DocumentTooLargeError,
    ReaderUnavailableError,
    ReadingError,
    UnreadableDocumentError,
)
from folkmoot.reading.model import Chunk, Limits, Read
from folkmoot.reading.reader import DocumentReader

__all__ = [
    "Chunk",
    "DocumentReader",
    "DocumentTooLargeError",
    "Limits",
    "Read",
    "ReaderUnavailableError",
    "ReadingError",
    "UnreadableDocumentError",
]
