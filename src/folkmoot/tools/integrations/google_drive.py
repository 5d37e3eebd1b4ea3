"""One folder of Google Drive by its API v3, as a follower needs it: all files, what changed since, and their contents.

It has the shape that `folkmoot.memory` asks of a remote folder. Files that may no longer be read, were put into the
bin, or were moved out of the folder are told as removed. Where only a whole new listing tells the truth (a folder was
moved in or out, Google forgot the cursor) `changes` returns None.
"""

import hashlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from folkmoot.kernel import Clock
from folkmoot.telemetry import get_logger
from folkmoot.tools.integrations.calls import Calls
from folkmoot.tools.integrations.drive_files import (
    EXPORTS,
    FIELDS,
    FOLDER,
    OWN_KINDS,
    DriveChanges,
    DriveFile,
    Readable,
    parents_of,
    reader_words,
)
from folkmoot.tools.integrations.errors import (
    ServiceAnswerInvalidError,
    ServiceForbiddenError,
    ServiceNotFoundError,
    ServiceRefusedError,
    ServiceTooLargeError,
)
from folkmoot.tools.integrations.google_credentials import GoogleCredentials
from folkmoot.tools.integrations.google_dialect import GoogleDialect
from folkmoot.tools.integrations.google_key import GoogleKey
from folkmoot.tools.integrations.request import CallRules

SERVICE: Final = "Google Drive"
URL: Final = "https://www.googleapis.com/drive/v3"
SCOPES: Final = ("https://www.googleapis.com/auth/drive.readonly",)
LARGEST: Final = 50 * 1024 * 1024

_EVERYWHERE: Final[Mapping[str, str | int]] = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}
_PAGE: Final = 100  # with permissions Google gives no more at once
_log = get_logger("folkmoot.integrations")


Told: TypeAlias = Sequence[dict[str, Any]]
"""Changes as Google tells them."""


class GoogleDrive:
    """The account whose folders are followed. Every method raises `IntegrationError`s."""

    def __init__(
        self, *, credentials: GoogleCredentials, clock: Clock, url: str = URL, rules: CallRules | None = None
    ) -> None:
        key = GoogleKey(service=SERVICE, credentials=credentials, scopes=SCOPES, clock=clock, rules=rules)
        self.calls = Calls(service=SERVICE, url=url, key=key, clock=clock, dialect=GoogleDialect(), rules=rules)
        self._folders: list[DriveFolder] = []

    async def probe(self) -> None:
        """See whether every folder is there for us."""
        for folder in self._folders:
            await folder.probe()

    def folder(self, folder_id: str, *, largest: int = LARGEST) -> "DriveFolder":
        """One folder with everything below it; a file of more than `largest` bytes is not read."""
        folder = DriveFolder(calls=self.calls, folder_id=folder_id, largest=largest)
        self._folders.append(folder)
        return folder

    async def close(self) -> None:
        """Close the connections."""
        await self.calls.close()


class DriveFolder:
    """A folder at any place of a drive that the account may read; see the head of this file.

    A cursor is Google's page token and a digest of the folders that were known with it: what was moved in with a whole
    folder has no change of its own, so another set of folders means to list anew.
    """

    def __init__(self, *, calls: Calls, folder_id: str, largest: int) -> None:
        self._calls = calls
        self._root = folder_id
        self._largest = largest
        self._folders: frozenset[str] | None = None
        self._within: Mapping[str, str | int] = {}  # where Google is to look: a shared drive is searched only by name

    async def probe(self) -> None:
        """See whether the folder is there for us."""
        await self._look_at_root()

    async def list(self) -> DriveChanges:
        """Every file that is there now; none if the folder itself is not there for us any more."""
        try:
            drive = await self._look_at_root()
        except ServiceNotFoundError as error:
            # Withdrawn from us or put into the bin: what was read before must not be found any longer.
            self._calls.standing.failed(error)
            _log.warning("a folder is gone", service=SERVICE, folder=self._root, error=error.message)
            return DriveChanges(files=(), removed=(), cursor="")
        token = await self._start(drive)
        files: dict[str, DriveFile] = {}
        folders: set[str] = set()
        async for one in self._walk(folders):
            if (file := await self._file(one)) is not None:
                files[file.id] = file
        self._folders = frozenset(folders)
        return DriveChanges(files=tuple(files.values()), removed=(), cursor=_cursor(token, folders))

    async def changes(self, cursor: str) -> DriveChanges | None:
        """What changed since `cursor`; None if everything must be listed anew."""
        token, _, digest = cursor.partition(" ")
        try:
            drive = await self._look_at_root()
            folders = await self._known(digest)
            if folders is None:
                return None
            told, following = await self._told_since(token, drive)
        except ServiceRefusedError:
            return None  # the folder is gone, or the token is nothing that Google knows any more
        latest = {self._calls.text(one, "fileId"): None if one.get("removed") else one.get("file") for one in told}
        files: list[DriveFile] = []
        removed: list[str] = []
        for file_id, about in latest.items():
            inside = isinstance(about, dict) and not about.get("trashed") and not folders.isdisjoint(parents_of(about))
            if file_id in folders or (isinstance(about, dict) and about.get("mimeType") == FOLDER):
                if file_id != self._root and inside is not (file_id in folders):
                    return None  # a folder came or went, and with it whatever is below it
                continue
            file = await self._file(about) if inside and isinstance(about, dict) else None
            if file is None:
                removed.append(file_id)
            else:
                files.append(file)
        return DriveChanges(files=tuple(files), removed=tuple(removed), cursor=_cursor(following, folders))

    async def read(self, file: Readable) -> AsyncIterator[bytes]:
        """The content in pieces; a document of Google's own as its `media_type` says.

        Raises `ServiceNotFoundError` and `ServiceForbiddenError` if it is withdrawn, `ServiceTooLargeError`.
        """
        path = f"/files/{quote(file.id, safe='')}"
        params: dict[str, str | int] = {"alt": "media", "supportsAllDrives": "true"}
        if getattr(file, "kind", "").startswith(OWN_KINDS):
            path, params = f"{path}/export", {"mimeType": file.media_type}
        try:
            async for piece in self._calls.download(path, params=params, largest=self._largest):
                yield piece
        except ServiceForbiddenError as error:
            if error.fields.get("reason") != "exportSizeLimitExceeded":
                raise
            raise ServiceTooLargeError(
                f"{SERVICE} exports no document of more than 10 MB: {file.name[:100]!r}", service=SERVICE
            ) from error

    async def _look_at_root(self) -> dict[str, str | int]:
        """What a question must say of the drive that the folder is on. Raises if the folder is no folder for us."""
        path = f"/files/{quote(self._root, safe='')}"
        params: dict[str, str | int] = {"fields": "id,mimeType,trashed,driveId", "supportsAllDrives": "true"}
        about = (await self._calls.ask("GET", path, params=params)).data
        if about.get("trashed"):
            raise ServiceNotFoundError(f"{SERVICE}: the folder {self._root} is in the bin", service=SERVICE)
        if about.get("mimeType") != FOLDER:
            raise ServiceForbiddenError(
                f"{SERVICE}: {self._root} is no folder; name the id that stands at the end of a folder's address",
                service=SERVICE,
            )
        drive: dict[str, str | int] = {"driveId": str(about["driveId"])} if about.get("driveId") else {}
        self._within = {**drive, "corpora": "drive"} if drive else {}
        return drive

    async def _start(self, drive: Mapping[str, str | int]) -> str:
        params = {"supportsAllDrives": "true", **drive}
        data = (await self._calls.ask("GET", "/changes/startPageToken", params=params)).data
        return self._calls.text(data, "startPageToken")

    async def _known(self, digest: str) -> frozenset[str] | None:
        """The folders that were known with a cursor; None if there are others by now."""
        if self._folders is None:
            folders: set[str] = set()
            async for _ in self._walk(folders, only_folders=True):
                pass
            self._folders = frozenset(folders)
        return self._folders if _digest(self._folders) == digest else None

    async def _walk(self, folders: set[str], *, only_folders: bool = False) -> AsyncIterator[dict[str, Any]]:
        """Every file below the folder; `folders` is filled with the folders on the way, each visited once."""
        folders.add(self._root)
        waiting = [self._root]
        while waiting:
            async for one in self._children(waiting.pop(), only_folders=only_folders):
                if one.get("mimeType") != FOLDER:
                    yield one
                elif (folder := self._calls.text(one, "id")) not in folders:
                    folders.add(folder)
                    waiting.append(folder)

    async def _children(self, folder: str, *, only_folders: bool) -> AsyncIterator[dict[str, Any]]:
        kind = f" and mimeType = '{FOLDER}'" if only_folders else ""
        params = {
            **_EVERYWHERE,
            **self._within,
            "q": f"'{folder}' in parents and trashed = false{kind}",
            "fields": f"nextPageToken,files({FIELDS})",
            "pageSize": _PAGE,
        }
        pages = self._calls.pages("/files", items="files", after="pageToken", next_page="nextPageToken", params=params)
        try:
            async for one in pages:
                yield one
        except ServiceNotFoundError:
            return  # it went while we walked

    async def _told_since(self, token: str, drive: Mapping[str, str | int]) -> tuple[Told, str]:
        told: tuple[dict[str, Any], ...] = ()
        seen: set[str] = set()
        while token not in seen:
            seen.add(token)
            params = {
                **_EVERYWHERE,
                **drive,
                "pageToken": token,
                "includeRemoved": "true",
                "fields": f"nextPageToken,newStartPageToken,changes(changeType,removed,fileId,file({FIELDS}))",
                "pageSize": _PAGE,
            }
            data = (await self._calls.ask("GET", "/changes", params=params)).data
            told += tuple(
                one for one in self._calls.listed(data, "changes") if one.get("fileId")
            )  # else it is of a drive
            if "nextPageToken" not in data:
                return told, self._calls.text(data, "newStartPageToken")
            token = self._calls.text(data, "nextPageToken")
        raise ServiceAnswerInvalidError(f"{SERVICE} tells its changes without an end", service=SERVICE)

    async def _file(self, about: Mapping[str, Any]) -> DriveFile | None:
        """The file, None if it cannot be read by us or has no text."""
        kind = str(about.get("mimeType") or "application/octet-stream")
        able = about.get("capabilities")
        barred = isinstance(able, dict) and able.get("canDownload") is False
        if barred or (kind.startswith(OWN_KINDS) and kind not in EXPORTS):
            return None
        readers = await self._readers(about)
        if readers is None:
            return None
        return DriveFile(
            id=self._calls.text(about, "id"),
            name=str(about.get("name") or "without a name"),
            media_type=EXPORTS.get(kind, kind),
            kind=kind,
            revision=str(about.get("md5Checksum") or about.get("modifiedTime") or ""),
            readers=readers,
        )

    async def _readers(self, about: Mapping[str, Any]) -> frozenset[str] | None:
        """Who may read it; None if it is gone. On a shared drive Google must be asked for each file by itself."""
        if isinstance(about.get("permissions"), list) or not about.get("driveId"):
            return reader_words(self._calls.listed(about, "permissions"))
        path = f"/files/{quote(self._calls.text(about, 'id'), safe='')}/permissions"
        params: dict[str, str | int] = {
            "supportsAllDrives": "true",
            "fields": "nextPageToken,permissions(type,emailAddress,domain,deleted)",
            "pageSize": _PAGE,
        }
        pages = self._calls.pages(
            path, items="permissions", after="pageToken", next_page="nextPageToken", params=params
        )
        try:
            return reader_words([one async for one in pages])
        except ServiceForbiddenError:
            return frozenset({f"drive:{about['driveId']}"})  # it is told to nobody who may only read
        except ServiceNotFoundError:
            return None


def _cursor(token: str, folders: Collection[str]) -> str:
    return f"{token} {_digest(folders)}"


def _digest(folders: Collection[str]) -> str:
    return hashlib.sha256("\n".join(sorted(folders)).encode()).hexdigest()[:32]
