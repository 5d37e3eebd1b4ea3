"""Documents: kept, read anew when they change, followed where they are kept elsewhere, and removed to the last word.

A document is in one scope; its chunks are passages of the index whose `origin` is its id. `library.py` says who may do
what, `ingest.py` brings a file into the index, `follow.py` keeps a folder that is kept elsewhere in step.
"""

from folkmoot.memory.documents.follow import FolderFollower, FollowedFolder, SourceState
from folkmoot.memory.documents.ingest import Ingest
from folkmoot.memory.documents.library import DocumentPage, Library
from folkmoot.memory.documents.model import Document, DocumentStatus, Order, ScopeSize
from folkmoot.memory.documents.remote_folder import RemoteChanges, RemoteFile, RemoteFolder

__all__ = [
    "Document",
    "DocumentPage",
    "DocumentStatus",
    "FolderFollower",
    "FollowedFolder",
    "Ingest",
    "Library",
    "Order",
    "RemoteChanges",
    "RemoteFile",
    "RemoteFolder",
    "ScopeSize",
    "SourceState",
]
