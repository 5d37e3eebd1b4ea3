"""Where an export's bytes come from: a plain file, or one member of a zip archive. Read any number of times.

Here are the guards that no importer repeats: empty, binary, wrongly encoded, cut-off and bloated files.
"""

import codecs
import hashlib
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from folkmoot.twins.importers.errors import (
    BinaryExportError,
    BrokenArchiveError,
    EmptyExportError,
    MissingExportError,
    NotAnExportError,
    OversizedArchiveError,
    UndecodableExportError,
)

HEAD = 65_536
LONGEST_LINE = 8 * 1024 * 1024
LARGEST_MEMBER = 2 * 1024**3
BLOAT_RATIO = 300
BLOAT_SIZE = 64 * 1024 * 1024
_MOST_MEMBERS = 100_000
_DAMAGED_LINES = 3
_DAMAGED_SHARE = 0.01
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})
_MAGIC = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
}


class Source:
    """One readable text. `name` is the file's or member's own name, `size` its bytes, `done` how many were read."""

    def __init__(self, path: Path, *, member: str | None = None, encoding: str | None = None) -> None:
        self.path = path
        self.member = member
        self.name = member or path.name
        self.encoding = encoding
        self.size = 0
        self.done = 0
        self.damaged = 0
        if encoding is not None:
            try:
                codecs.lookup(encoding)
            except LookupError as error:
                raise UndecodableExportError(
                    f"there is no text encoding {encoding!r}; utf-8, utf-16 and cp1252 are common ones",
                    encoding=encoding,
                ) from error
        with self._opened() as stream:
            head = _head(stream, self.name)
            self._detect(head)

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        """The bytes from the start; faults of the file system and of archives become our errors."""
        try:
            if self.member is None:
                self.size = self.path.stat().st_size
                with self.path.open("rb") as stream:
                    yield stream
                return
            if not zipfile.is_zipfile(self.path):
                with tarfile.open(self.path) as bundle, _in_tar(bundle, self.member) as stream:
                    self.size = bundle.getmember(self.member).size
                    yield stream
                return
            with zipfile.ZipFile(self.path) as archive:
                info = archive.getinfo(self.member)
                _refuse_bloat(info)
                self.size = info.file_size
                with archive.open(info) as packed, io.BufferedReader(packed, HEAD) as stream:  # type: ignore[type-var]  # a ZipExtFile is a raw stream in all but its declared type
                    yield stream
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise BrokenArchiveError(
                f"{self.path.name} is cut off, damaged or encrypted ({error}); export the chat again",
                file=self.path.name,
            ) from error
        except OSError as error:
            raise MissingExportError(
                f"{self.path.name} cannot be read: {error.strerror or error}", file=self.path.name
            ) from error

    def _detect(self, head: bytes) -> None:
        """Settle the encoding; refuse what is empty or no text."""
        if self.encoding is None:
            self.encoding = "utf-16" if head.startswith(_UTF16) else "utf-8-sig"
        bare = head.removeprefix(codecs.BOM_UTF8)
        if not bare.strip():
            raise EmptyExportError(f"{self.name} is empty; export the chat again", file=self.name)
        if self.encoding.lower().startswith(("utf-16", "utf-32")):
            return
        for magic, what in _MAGIC.items():
            if head.startswith(magic):
                raise BinaryExportError(f"{self.name} is {what}, not a text export", file=self.name)
        controls = len(head) - len(head.translate(None, _CONTROLS))
        if b"\0" in head[:4096] or controls > len(head) // 50:
            raise BinaryExportError(f"{self.name} holds binary data, not a text export", file=self.name)

    def head(self) -> str:
        """The first 64 KiB as text, for telling what the file is."""
        with self._opened() as stream:
            raw = _head(stream, self.name)
        return raw.decode(self.encoding or "utf-8", errors="replace")

    def lines(self) -> Iterator[str]:
        """Every line with its own line end. Lines end at LF alone: other breaks occur inside messages.

        A line that is not in the encoding is read with replacement characters and counted in `damaged`; where more
        than a few are, the guess of the encoding is wrong and `UndecodableExportError` is raised.
        """
        self.done = self.damaged = 0
        with self._opened() as stream:
            yield from self._utf8(stream) if self.encoding == "utf-8-sig" else self._decoded(stream)

    def _utf8(self, stream: IO[bytes]) -> Iterator[str]:
        number = 0
        for number, raw in enumerate(iter(partial(stream.readline, LONGEST_LINE), b""), start=1):
            self.done += len(raw)
            try:
                line = raw.decode()
            except UnicodeDecodeError:
                self.damaged += 1
                line = raw.decode(errors="replace")
            if len(raw) >= LONGEST_LINE:
                raise self._endless(number)
            yield line.removeprefix("\ufeff") if number == 1 else line
        if self.damaged > max(_DAMAGED_LINES, number * _DAMAGED_SHARE):
            raise self._undecodable(number)

    def _decoded(self, stream: IO[bytes]) -> Iterator[str]:
        try:
            with io.TextIOWrapper(stream, encoding=self.encoding, newline="\n") as text:
                for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), start=1):
                    if len(line) >= LONGEST_LINE:
                        raise self._endless(number)
                    self.done += len(line)
                    yield line.removeprefix("\ufeff") if number == 1 else line
        except UnicodeError as error:
            raise UndecodableExportError(
                f"{self.name} is not in the encoding {self.encoding} ({error}); give the right one",
                file=self.name,
                encoding=self.encoding,
            ) from error

    def _endless(self, number: int) -> NotAnExportError:
        return NotAnExportError(
            f"line {number} of {self.name} is longer than {LONGEST_LINE // 2**20} MiB: no export holds such a line",
            file=self.name,
            line=number,
        )

    def _undecodable(self, lines: int) -> UndecodableExportError:
        return UndecodableExportError(
            f"{self.damaged} of {lines} lines of {self.name} are not UTF-8; name the encoding, for example cp1252",
            file=self.name,
            damaged=self.damaged,
            lines=lines,
        )

    def fingerprint(self) -> str:
        """SHA-256 of the content, in hex: the same file again, whatever it is called."""
        digest = hashlib.sha256()
        with self._opened() as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()


def _head(stream: IO[bytes], name: str) -> bytes:
    """The first 64 KiB, or all there is."""
    head = bytearray()
    while len(head) < HEAD and (block := stream.read(HEAD - len(head))):
        head += block
    if not head:
        raise EmptyExportError(f"{name} is empty; export the chat again", file=name)
    return bytes(head)


def _refuse_bloat(info: zipfile.ZipInfo) -> None:
    bloated = info.file_size > BLOAT_SIZE and info.file_size > BLOAT_RATIO * max(1, info.compress_size)
    if bloated or info.file_size > LARGEST_MEMBER:
        raise OversizedArchiveError(
            f"{info.filename} would unpack to {info.file_size // 2**20} MiB, more than a chat can be; "
            "unpack it yourself and give the text file if you trust it",
            file=info.filename,
            bytes=info.file_size,
        )


def _in_tar(bundle: tarfile.TarFile, member: str) -> IO[bytes]:
    """One file of a tar archive, as a stream; nothing is unpacked to disk."""
    info = bundle.getmember(member)
    if info.size > LARGEST_MEMBER:
        raise OversizedArchiveError(
            f"{member} would unpack to {info.size // 2**20} MiB, more than a chat can be", file=member, bytes=info.size
        )
    stream = bundle.extractfile(info)
    if stream is None:
        raise MissingExportError(f"{member} is no plain file", file=member)
    return stream


def _tar_names(path: Path) -> list[str]:
    """Plain files only; an archive that unpacks to more than it should is refused before it is read to its end."""
    names: list[str] = []
    limit = max(BLOAT_SIZE, BLOAT_RATIO * path.stat().st_size)
    with tarfile.open(path) as bundle:
        for info in bundle:
            if info.offset_data + info.size > limit or len(names) > _MOST_MEMBERS:
                raise OversizedArchiveError(f"{path.name} would unpack to more than a chat can be", file=path.name)
            if info.isfile():
                names.append(info.name)
    return names


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar archive, whole or cut off."""
    with path.open("rb") as stream:
        begins = stream.read(6)
    if begins.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return True
    return begins.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")) or (path.suffix == ".tar" and tarfile.is_tarfile(path))


def archive_members(path: Path) -> list[str]:
    """The names of the files in an archive, without folders and what macOS adds for itself."""
    try:
        with path.open("rb") as stream:
            zipped = stream.read(2) == b"PK"
        if zipped:
            with zipfile.ZipFile(path) as archive:
                names = [info.filename for info in archive.infolist() if not info.is_dir()]
        else:
            names = _tar_names(path)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        NotImplementedError,
        ValueError,
        OSError,
    ) as error:
        raise BrokenArchiveError(
            f"{path.name} is cut off or damaged ({error}); export the chat again", file=path.name
        ) from error
    return [one for one in names if not one.startswith("__MACOSX/") and not one.rpartition("/")[2].startswith("._")]
