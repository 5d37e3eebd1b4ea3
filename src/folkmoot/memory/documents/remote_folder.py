"""A folder that is kept elsewhere, as the follower needs it; whoever speaks to such a service fits these shapes.

Nothing here knows a service: a Google Drive folder, a share, a folder of this machine all look like this. The assembly
joins one to a `FolderFollower` (`follow.py`), which keeps the cursor and decides who may find what.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol


class RemoteFile(Protocol):
    """One file of the folder, at any depth.

    `revision` changes whenever the content does. `readers` are those who may read it there, as the service writes
    them in one word each: `user:zoe@acme.example`, `group:sales@acme.example`, `domain:acme.example`, `anyone`.
    """

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def revision(self) -> str: ...
    @property
    def readers(self) -> frozenset[str]: ...
    @property
    def trashed(self) -> bool: ...


class RemoteChanges(Protocol):
    """What is in the folder, or what became different in it, and where the next question goes on.

    `removed` are ids of files that were deleted, moved out of the folder, or may no longer be read by us.
    """

    @property
    def files(self) -> Sequence[RemoteFile]: ...
    @property
    def removed(self) -> Sequence[str]: ...
    @property
    def cursor(self) -> str: ...


class RemoteFolder(Protocol):
    """One folder of one service. Every method raises a `FolkmootError` when the service is away or refuses.

    An error of the family `NOT_FOUND` or `FORBIDDEN` from `read` means that this file is withdrawn from us; any other
    error means that it is to be tried again later.
    """

    async def list(self) -> RemoteChanges:
        """Every file that is there now (`removed` is empty), with a cursor taken before the listing began."""
        ...

    async def changes(self, cursor: str) -> RemoteChanges | None:
        """What changed since `cursor`; a change may be told twice. None if the cursor is too old: list again."""
        ...

    def read(self, file: RemoteFile) -> AsyncIterator[bytes]:
        """The content in pieces of at most a few MiB; a document of the service itself as Markdown, DOCX or text."""
        ...
