"""Sessions, their messages and the gallery, as AutoGen Studio knows them (SPEC E5).

A session is a conversation of the kind `studio` with the document of the flow that answers in it. Its rows are those of
any conversation, so that they are searched, exported and deleted like all others; here is what is special to it. The
flow itself is run by `folkmoot.workflows`, which takes a query here and hands in what came of it.
"""

from folkmoot.conversations.studio.desk import SessionDesk
from folkmoot.conversations.studio.gallery import Gallery
from folkmoot.conversations.studio.model import FlowAnswer, GalleryItem, StudioSession, row_of, without_secrets

__all__ = [
    "FlowAnswer",
    "Gallery",
    "GalleryItem",
    "SessionDesk",
    "StudioSession",
    "row_of",
    "without_secrets",
]
