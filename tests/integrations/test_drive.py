"""A folder of Google Drive, followed: what comes, changes, is withdrawn, moves away."""

import json
from pathlib import Path

import pytest

from folkmoot.kernel import Family
from folkmoot.memory.documents import RemoteChanges, RemoteFile, RemoteFolder
from folkmoot.tools.integrations import GoogleDrive
from folkmoot.tools.integrations.drive_config import read_drive_config
from folkmoot.tools.integrations.drive_files import DriveChanges, DriveFile
from folkmoot.tools.integrations.errors import (
    IntegrationError,
    ServiceDownError,
    ServiceForbiddenError,
    ServiceNotConfiguredError,
    ServiceTooLargeError,
)
from folkmoot.tools.integrations.google_credentials import AccessToken
from folkmoot.tools.integrations.google_drive import DriveFolder
from tests.integrations.servers.google import DOCUMENT, FOLDER, SHEET, DriveServer
from tests.integrations.servers.wire import BreakOff, Refuse

ZOE = {"type": "user", "emailAddress": "Zoe@acme.example"}


def names(files: DriveChanges | None) -> list[str]:
    assert files is not None
    return sorted(one.id for one in files.files)


async def content(folder: DriveFolder, file: DriveFile) -> str:
    return b"".join([piece async for piece in folder.read(file)]).decode()


def one(changes: DriveChanges, file_id: str) -> DriveFile:
    return next(file for file in changes.files if file.id == file_id)


def test_it_has_the_shape_that_is_followed(drive: GoogleDrive) -> None:
    """Held by the type checker."""
    folder: RemoteFolder = drive.folder("root")
    file: type[RemoteFile] = DriveFile
    changes: type[RemoteChanges] = DriveChanges
    assert all(one is not None for one in (folder, file, changes))


async def test_every_file_below_the_folder_is_listed_over_pages(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.page = 2
    drive_server.put("sub", parent="root", kind=FOLDER)
    drive_server.put("deep", parent="sub", kind=FOLDER)
    for number in range(5):
        drive_server.put(f"file-{number}", parent="root", content="x")
    drive_server.put("below", parent="deep", content="y")
    drive_server.put("elsewhere", parent="other", content="z")
    drive_server.put("bin", parent="root", trashed=True)
    found = await drive.folder("root").list()
    assert names(found) == ["below", *(f"file-{number}" for number in range(5))]
    assert found.removed == ()


async def test_what_a_file_is_and_who_may_read_it(drive: GoogleDrive, drive_server: DriveServer) -> None:
    readers = [
        ZOE,
        {"type": "group", "emailAddress": "sales@acme.example"},
        {"type": "domain", "domain": "acme.example"},
        {"type": "anyone"},
        {"type": "user", "emailAddress": "gone@acme.example", "deleted": True},
    ]
    drive_server.put("plan", parent="root", kind="application/pdf", name="Plan.pdf", content="%PDF", readers=readers)
    [file] = (await drive.folder("root").list()).files
    assert (file.name, file.media_type, file.trashed) == ("Plan.pdf", "application/pdf", False)
    assert file.readers == {"user:zoe@acme.example", "group:sales@acme.example", "domain:acme.example", "anyone"}


async def test_contents_come_as_they_are_and_google_s_own_documents_as_text(
    drive: GoogleDrive, drive_server: DriveServer
) -> None:
    drive_server.put("text", parent="root", content="hello")
    drive_server.put("doc", parent="root", kind=DOCUMENT, content="# Plan")
    drive_server.put("sheet", parent="root", kind=SHEET, content="a,b")
    drive_server.put("form", parent="root", kind="application/vnd.google-apps.form")
    folder = drive.folder("root")
    found = await folder.list()
    assert names(found) == ["doc", "sheet", "text"]
    assert {file.id: file.media_type for file in found.files} == {
        "doc": "text/markdown",
        "sheet": "text/csv",
        "text": "text/plain",
    }
    assert [await content(folder, one(found, name)) for name in ("text", "doc", "sheet")] == ["hello", "# Plan", "a,b"]


async def test_what_changed_is_told_and_nothing_else(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.page = 2
    for number in range(3):
        drive_server.put(f"file-{number}", parent="root", content="x")
    folder = drive.folder("root")
    listed = await folder.list()
    assert (await folder.changes(listed.cursor)) == DriveChanges(files=(), removed=(), cursor=listed.cursor)
    drive_server.put("file-1", parent="root", content="new")
    drive_server.put("added", parent="root", content="a")
    drive_server.put("elsewhere", parent="other", content="z")
    drive_server.change("file-2", trashed=True)
    drive_server.put("added", parent="root", content="b")
    changed = await folder.changes(listed.cursor)
    assert changed is not None
    assert names(changed) == ["added", "file-1"]
    assert {"file-2"} <= set(changed.removed) <= {"file-2", "elsewhere"}
    assert await content(folder, one(changed, "added")) == "b"
    assert one(changed, "file-1").revision != one(listed, "file-1").revision
    after = await folder.changes(changed.cursor)
    assert after is not None
    assert not after.files


async def test_a_withdrawn_file_is_told_as_removed(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.put("secret", parent="root", content="x")
    folder = drive.folder("root")
    listed = await folder.list()
    drive_server.change("secret", shown=False)
    changed = await folder.changes(listed.cursor)
    assert changed is not None
    assert changed.removed == ("secret",)
    assert not (await folder.list()).files
    with pytest.raises(IntegrationError) as caught:
        await content(folder, one(listed, "secret"))
    assert caught.value.family is Family.NOT_FOUND


async def test_a_change_of_readers_is_a_change(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.put("plan", parent="root", content="x", readers=[ZOE, {"type": "anyone"}])
    folder = drive.folder("root")
    listed = await folder.list()
    drive_server.change("plan", readers=[ZOE])
    changed = await folder.changes(listed.cursor)
    assert changed is not None
    assert one(changed, "plan").readers == {"user:zoe@acme.example"}
    assert one(changed, "plan").revision == one(listed, "plan").revision


async def test_a_file_that_may_be_seen_and_not_read_is_not_there(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.put("plan", parent="root", content="x")
    folder = drive.folder("root")
    listed = await folder.list()
    drive_server.change("plan", downloadable=False)
    changed = await folder.changes(listed.cursor)
    assert changed is not None
    assert changed.removed == ("plan",)


async def test_a_file_moved_out_is_removed_and_one_moved_in_is_there(
    drive: GoogleDrive, drive_server: DriveServer
) -> None:
    drive_server.put("goes", parent="root", content="x")
    drive_server.put("comes", parent="other", content="y")
    folder = drive.folder("root")
    listed = await folder.list()
    drive_server.change("goes", parents=["other"])
    drive_server.change("comes", parents=["root"])
    changed = await folder.changes(listed.cursor)
    assert changed is not None
    assert (names(changed), changed.removed) == (["comes"], ("goes",))


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("what", ["moved in", "moved out", "trashed", "withdrawn", "new"])
async def test_a_folder_that_comes_or_goes_means_to_list_anew(
    what: str, restarted: bool, drive: GoogleDrive, drive_server: DriveServer
) -> None:
    """Its files have no changes of their own; after a restart the change itself may be over already."""
    drive_server.put("sub", parent="root", kind=FOLDER)
    drive_server.put("inside", parent="sub", content="x")
    drive_server.put("far", parent="other", kind=FOLDER)
    drive_server.put("farther", parent="far", content="y")
    folder = drive.folder("root")
    listed = await folder.list()
    match what:
        case "moved in":
            drive_server.change("far", parents=["root"])
        case "moved out":
            drive_server.change("sub", parents=["other"])
        case "trashed":
            drive_server.change("sub", trashed=True)
        case "withdrawn":
            drive_server.change("sub", shown=False)
        case _:
            drive_server.put("fresh", parent="root", kind=FOLDER)
    if restarted:
        folder = drive.folder("root")
    assert await folder.changes(listed.cursor) is None
    expected = {"moved in": ["farther", "inside"], "new": ["inside"]}.get(what, [])
    relisted = await folder.list()
    assert names(relisted) == expected
    assert await folder.changes(relisted.cursor) is not None


async def test_a_renamed_folder_is_no_reason_to_list_anew(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.put("sub", parent="root", kind=FOLDER)
    folder = drive.folder("root")
    listed = await folder.list()
    drive_server.change("sub", name="Other name")
    drive_server.change("root", name="Another")
    assert await folder.changes(listed.cursor) is not None


@pytest.mark.parametrize("how", [{"shown": False}, {"trashed": True}])
async def test_a_withdrawn_folder_has_no_files_any_more(
    how: dict[str, bool], drive: GoogleDrive, drive_server: DriveServer
) -> None:
    drive_server.put("plan", parent="root", content="x")
    folder = drive.folder("root")
    listed = await folder.list()
    drive_server.change("root", **how)
    assert await folder.changes(listed.cursor) is None
    empty = await folder.list()
    assert empty.files == ()
    assert drive.calls.standing.report().condition == "degraded"
    drive_server.change("root", shown=True, trashed=False)
    assert await folder.changes(empty.cursor) is None
    assert names(await folder.list()) == ["plan"]


async def test_a_service_that_is_down_is_no_empty_folder(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.put("plan", parent="root", content="x")
    folder = drive.folder("root")
    listed = await folder.list()
    drive_server.fail(Refuse(503), times=4)
    with pytest.raises(ServiceDownError):
        await folder.list()
    await folder.list()  # answered again, so the breaker counts from the beginning
    drive_server.fail(Refuse(503), times=4)
    with pytest.raises(ServiceDownError):
        await folder.changes(listed.cursor)


@pytest.mark.parametrize("cursor", ["", "nonsense", "12", "x y z", "-1 abc"])
async def test_a_cursor_that_means_nothing_means_to_list_anew(
    cursor: str, drive: GoogleDrive, drive_server: DriveServer
) -> None:
    drive_server.put("plan", parent="root", content="x")
    assert await drive.folder("root").changes(cursor) is None


async def test_a_cursor_that_google_forgot_means_to_list_anew(drive: GoogleDrive, drive_server: DriveServer) -> None:
    folder = drive.folder("root")
    listed = await folder.list()
    drive_server.put("plan", parent="root", content="x")
    drive_server.forgotten = len(drive_server.log)
    assert await folder.changes(listed.cursor) is None


async def test_a_shared_drive_is_asked_for_each_file_s_readers(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.page = 1
    drive_server.put("team", parent="drive-1", kind=FOLDER, drive="drive-1")
    drive_server.put("plan", parent="team", content="x", drive="drive-1", readers=[ZOE, {"type": "anyone"}])
    folder = drive.folder("team")
    listed = await folder.list()
    assert one(listed, "plan").readers == {"user:zoe@acme.example", "anyone"}
    drive_server.tells_members = False
    drive_server.put("plan", parent="team", content="y", drive="drive-1")
    changed = await folder.changes(listed.cursor)
    assert changed is not None
    assert one(changed, "plan").readers == {"drive:drive-1"}
    asked = [one for one in drive_server.asked if one.path.startswith("/changes")]
    assert all(one.query["driveId"] == "drive-1" for one in asked)


async def test_a_file_that_is_too_large_is_not_read_to_its_end(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.put("large", parent="root", content="x" * 100_000)
    drive_server.put("doc", parent="root", kind=DOCUMENT, content="x" * 10_000_001)
    folder = drive.folder("root", largest=50_000)
    for file in (await folder.list()).files:
        with pytest.raises(ServiceTooLargeError):
            await content(folder, file)


async def test_a_file_that_breaks_off_is_to_be_tried_again(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.put("plan", parent="root", content="x" * 10_000)
    folder = drive.folder("root")
    [file] = (await folder.list()).files
    drive_server.fail(BreakOff(), when="GET /files/plan")
    with pytest.raises(ServiceDownError, match="broke off"):
        await content(folder, file)
    assert len(await content(folder, file)) == 10_000


async def test_what_is_no_folder_is_told(drive: GoogleDrive, drive_server: DriveServer) -> None:
    drive_server.put("plan", parent="root", content="x")
    with pytest.raises(ServiceForbiddenError, match="is no folder"):
        await drive.folder("plan").list()


def test_the_config_names_credentials_and_folders(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("ya29.x")
    file = tmp_path / "gdrive.json"
    folders = [
        {"id": "1Ab-_c", "scope": "marketing"},
        {"id": "2", "name": "Board", "readers": {"group:board@acme.example": ["executive", "sales"], "anyone": "seo"}},
    ]
    file.write_text(json.dumps({"credentials": "token", "folders": folders}))
    config = read_drive_config(file)
    assert config.credentials == AccessToken(token="ya29.x")
    assert [(one.id, one.name, dict(one.readers)) for one in config.folders] == [
        ("1Ab-_c", "1Ab-_c", {"*": ("marketing",)}),
        ("2", "Board", {"group:board@acme.example": ("executive", "sales"), "anyone": ("seo",)}),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("[]", "is no object"),
        ('{"credential": "x"}', "'credential' that means nothing"),
        ('{"folders": []}', "credentials: there are none"),
        ('{"credentials": "t"}', "folders: there are none"),
        ('{"credentials": "t", "folders": [{"id": "a\' or 1", "scope": "x"}]}', r"folders\.0\.id"),
        ('{"credentials": "t", "folders": [{"id": "a", "scope": "X Y"}]}', r"folders\.0\.scope"),
        ('{"credentials": "t", "folders": [{"id": "a", "scope": "x"}, {"id": "a", "scope": "y"}]}', "twice"),
        ('{"credentials": "t", "folders": [{"id": "a"}]}', "either its scope or its readers"),
        ('{"credentials": "t", "folders": [{"id": "a", "readers": {"zoe": ["x"]}}]}', r"folders\.0\.readers\.zoe"),
        ('{"credentials": "t", "folders": [{"id": "a", "readers": {"anyone": [1]}}]}', "no scope such as"),
        ('{"credentials": "t", "folders": [{"id": "a", "readers": []}]}', "no map from a reader"),
        ('{"credentials": "t", "folders": ["a"]}', r"folders\.0: it is no object"),
        ('{"credentials": {"type": "x"}, "folders": [{"id": "a", "scope": "x"}]}', "no known type"),
    ],
)
def test_a_config_that_is_wrong_names_the_place(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "gdrive.json"
    file.write_text(text)
    with pytest.raises(ServiceNotConfiguredError, match=said):
        read_drive_config(file)
    with pytest.raises(ServiceNotConfiguredError, match="cannot be read"):
        read_drive_config(tmp_path / "none.json")
