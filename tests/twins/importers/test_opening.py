"""Which file of what is opened, how it is told apart, and what is refused with which words."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from folkmoot.kernel import Family
from folkmoot.twins.importers import UnknownPlatformError, open_export, preview
from folkmoot.twins.importers.errors import (
    BinaryExportError,
    BrokenArchiveError,
    EmptyExportError,
    ImportFormatError,
    MissingExportError,
    NotAnExportError,
    OversizedArchiveError,
    SeveralExportsError,
    UndecodableExportError,
    UnknownExportError,
)

CHAT = "31/01/2024, 21:05 - Ann: hi\n31/01/2024, 21:06 - Bob: grüße\n"


def archive(path: Path, files: dict[str, bytes | str], *, packed: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name", ["_chat.txt", "WhatsApp-Chat mit Zoë.txt", "Chat de WhatsApp con Ana.txt", "WhatsApp Chat with X/c.txt"]
)
def test_a_phones_archive_is_read_without_unpacking(tmp_path: Path, name: str) -> None:
    files: dict[str, bytes | str] = {
        "__MACOSX/._chat.txt": b"\0\5\x16",
        "00000012-PHOTO.jpg": b"\xff\xd8\xff",
        name: CHAT,
    }
    export = open_export(archive(tmp_path / "export.zip", files))
    assert (export.platform, export.source.member) == ("whatsapp", name)
    assert export.authors() == {"Ann": 1, "Bob": 1}
    assert export.progress()[0] == export.progress()[1] == len(CHAT.encode())


def test_a_linkedin_archive_and_an_unpacked_one(tmp_path: Path) -> None:
    letters = "FROM,TO,DATE,SUBJECT,CONTENT,FOLDER\nAnn,Bob,2024-01-31 21:05:12 UTC,,hi,INBOX\n"
    files: dict[str, bytes | str] = {"Connections.csv": "First Name\nBob\n", "messages.csv": letters}
    assert open_export(archive(tmp_path / "a.zip", files)).authors() == {"Ann": 1}
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(str(content), encoding="utf-8")
    assert open_export(folder).authors() == {"Ann": 1}
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as packed:
        packed.add(folder, arcname="unpacked")
    export = open_export(tmp_path / "b.tar.gz")
    assert export.authors() == {"Ann": 1}
    assert len(export.fingerprint()) == 64


def test_several_chats_in_one_archive_are_asked_about(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"WhatsApp Chat with A.txt": CHAT, "WhatsApp Chat with B.txt": CHAT})
    with pytest.raises(SeveralExportsError, match="--member"):
        open_export(path)


def test_broken_and_bloated_archives_are_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path / "a.zip", {"_chat.txt": CHAT * 2000}, packed=zipfile.ZIP_STORED).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenArchiveError, match="cut off"):
        open_export(cut)
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(whole.replace(b"Ann: hi", b"Ann: ho", 1))
    with pytest.raises(BrokenArchiveError):
        list(open_export(damaged).records())
    bomb = archive(tmp_path / "bomb.zip", {"_chat.txt": b"a" * (80 * 1024 * 1024)})
    with pytest.raises(OversizedArchiveError):
        open_export(bomb)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", EmptyExportError),
        (b"\xef\xbb\xbf\r\n", EmptyExportError),
        (bytes(range(256)) * 20, BinaryExportError),
        (b"%PDF-1.7 some text", BinaryExportError),
        (b"hello\nworld\n", UnknownExportError),
        (b'{"a": 1}', ImportFormatError),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, content: bytes, refusal: type[ImportFormatError]) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    with pytest.raises(refusal) as raised:
        list(preview(path))
    assert raised.value.family is Family.INVALID


def test_another_encoding_is_named_and_can_be_given(tmp_path: Path) -> None:
    from folkmoot.twins.importers import ReadOptions

    path = tmp_path / "chat.txt"
    path.write_bytes("".join(f"31/01/2024, 21:05 - Zoë: größe {n}\n" for n in range(20)).encode("cp1252"))
    with pytest.raises(UndecodableExportError, match="cp1252"):
        list(open_export(path).records())
    export = open_export(path, options=ReadOptions(encoding="cp1252"))
    assert export.authors() == {"Zoë": 20}


def test_a_platform_is_known_by_name_or_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(CHAT, encoding="utf-8")
    with pytest.raises(UnknownPlatformError, match=r"pigeon.*whatsapp, linkedin, git, jsonl, csv"):
        open_export(path, platform="pigeon")
    with pytest.raises(NotAnExportError, match="git log"):
        list(open_export(path, platform="git").records())
    with pytest.raises(MissingExportError, match="there is no file"):
        open_export(tmp_path / "nothing.txt")


def test_the_preview_is_objects_and_an_account(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(CHAT, encoding="utf-8")
    first, _, account = preview(path)
    assert first == {"ts": "2024-01-31T21:05:00", "author": "Ann", "text": "hi", "kind": "text", "position": 1}
    assert (account["kind"], account["parsed"], account["skipped"], account["total"]) == ("account", 2, {}, 2)
