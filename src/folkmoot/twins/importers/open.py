"""The way in: a path becomes an `Export`, its platform named by the person or told from the content."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from folkmoot.twins.importers.delimited import CsvImporter
from folkmoot.twins.importers.errors import (
    BinaryExportError,
    EmptyExportError,
    MissingExportError,
    SeveralExportsError,
    UnknownExportError,
    UnknownPlatformError,
)
from folkmoot.twins.importers.git_log import GitImporter
from folkmoot.twins.importers.git_repository import RepositorySource, is_repository
from folkmoot.twins.importers.json_lines import JsonLinesImporter
from folkmoot.twins.importers.linkedin import LinkedInImporter
from folkmoot.twins.importers.record import Account, ExportRecord, Importer, Kind, ReadOptions
from folkmoot.twins.importers.source import Source, archive_members, is_archive
from folkmoot.twins.importers.whatsapp import WhatsAppImporter

_SURE_ENOUGH = 0.5
_MOST_FILES = 10_000
_TEXTLESS = {Kind.SYSTEM}


def standard_importers() -> tuple[Importer, ...]:
    """One importer per platform, the more particular first."""
    return (WhatsAppImporter(), LinkedInImporter(), GitImporter(), JsonLinesImporter(), CsvImporter())


class Export:
    """One opened export: may be read any number of times, each time from the file's start."""

    def __init__(self, *, importer: Importer, source: Source, options: ReadOptions) -> None:
        self._importer = importer
        self._options = options
        self.source = source
        self.platform = importer.platform
        self.account = Account()

    def records(self, *, start_after: int = 0) -> Iterator[ExportRecord]:
        """The records behind position `start_after`, in the file's order. `account` is begun anew, counts the whole
        file whatever was left out at the start, and is complete when the iterator ends.
        """
        account = self.account = Account()
        for record in self._importer.read(self.source, self._options, account):
            if record.position > start_after:
                yield record

    def authors(self) -> dict[str, int]:
        """Who wrote in the export, the most frequent first, with the number of their entries. Reads the whole file."""
        found: Counter[str] = Counter()
        for record in self._importer.read(self.source, self._options, Account()):
            if record.author is not None and record.kind not in _TEXTLESS:
                found[record.author] += 1
        return dict(found.most_common())

    def fingerprint(self) -> str:
        """Identifies the content: the same export given twice has the same fingerprint."""
        return self.source.fingerprint()

    def progress(self) -> tuple[int, int]:
        """Bytes read by the present pass, and bytes in all (0 where that is unknown, as with a repository)."""
        return min(self.source.done, self.source.size), self.source.size


def open_export(
    path: Path,
    *,
    platform: str | None = None,
    options: ReadOptions | None = None,
    importers: Sequence[Importer] | None = None,
) -> Export:
    """Open a file, zip archive, folder of an unpacked archive, or git repository.

    Raises `UnknownPlatformError` for a name that is not known, `UnknownExportError` where the content tells no
    platform, and the cases of `Source` for what is no readable text. Blocking: call it in a thread.
    """
    options = options or ReadOptions()
    candidates = _named(platform, tuple(importers) if importers is not None else standard_importers())
    options.zone()
    if not path.exists():
        raise MissingExportError(f"there is no file {path}", file=path.name)
    if path.is_dir():
        return _open_folder(path, candidates, options, platform)
    if _is_archive(path):
        return _choose(path, archive_members(path), candidates, options, platform)
    source = Source(path, encoding=options.encoding)
    return Export(importer=_told_by(source, candidates, platform), source=source, options=options)


def _named(platform: str | None, importers: tuple[Importer, ...]) -> tuple[Importer, ...]:
    if platform is None:
        return importers
    wanted = tuple(one for one in importers if one.platform == platform.strip().casefold())
    if not wanted:
        known = [one.platform for one in importers]
        raise UnknownPlatformError(
            f"exports of {platform!r} cannot be read; the platforms known are {', '.join(known)}",
            platform=platform,
            known=[*known],
        )
    return wanted


def _is_archive(path: Path) -> bool:
    try:
        return is_archive(path)
    except OSError as error:
        raise MissingExportError(f"{path.name} cannot be read: {error.strerror or error}", file=path.name) from error


def _told_by(source: Source, candidates: tuple[Importer, ...], platform: str | None) -> Importer:
    """The importer that was named, or the one that the content speaks for most."""
    if platform is not None:
        return candidates[0]
    head = source.head()
    sure, best = max(((one.sniff(head, source.name), one) for one in candidates), key=lambda pair: pair[0])
    if sure < _SURE_ENOUGH:
        tried = [one.platform for one in candidates]
        raise UnknownExportError(
            f"{source.name} looks like no export that is known; tried {', '.join(tried)}. "
            "If it is one of these, name it with --platform",
            file=source.name,
            tried=[*tried],
        )
    return best


def _open_folder(path: Path, candidates: tuple[Importer, ...], options: ReadOptions, platform: str | None) -> Export:
    git = next((one for one in candidates if isinstance(one, GitImporter)), None)
    if git is not None and is_repository(path):
        return Export(importer=git, source=RepositorySource(path), options=options)
    names = [
        str(one.relative_to(path))
        for one, _ in zip(sorted(path.rglob("*")), range(_MOST_FILES), strict=False)
        if one.is_file()
    ]
    return _choose(path, names, candidates, options, platform)


def _choose(
    path: Path, names: list[str], candidates: tuple[Importer, ...], options: ReadOptions, platform: str | None
) -> Export:
    """The one file of many that is an export."""
    if options.member is not None:
        if options.member not in names:
            raise MissingExportError(
                f"{path.name} holds no file {options.member}", file=path.name, member=options.member
            )
        source = _member(path, options.member, options)
        return Export(importer=_told_by(source, candidates, platform), source=source, options=options)
    for importer in candidates:
        found = [one for one in importer.members(names) if _fits(importer, path, one, options)]
        if len(found) > 1:
            raise SeveralExportsError(
                f"{path.name} holds several exports; name one with --member: {', '.join(found[:10])}",
                file=path.name,
                members=[*found],
            )
        if found:
            return Export(importer=importer, source=_member(path, found[0], options), options=options)
    tried = [one.platform for one in candidates]
    raise UnknownExportError(
        f"{path.name} holds no export that is known ({len(names)} files; tried {', '.join(tried)})",
        file=path.name,
        tried=[*tried],
    )


def _member(path: Path, name: str, options: ReadOptions) -> Source:
    if path.is_dir():
        return Source(path / name, encoding=options.encoding)
    return Source(path, member=name, encoding=options.encoding)


def _fits(importer: Importer, path: Path, name: str, options: ReadOptions) -> bool:
    """A broken archive is an error; a member that is no text is merely not the one."""
    try:
        source = _member(path, name, options)
    except (BinaryExportError, EmptyExportError):
        return False
    return importer.sniff(source.head(), name) >= _SURE_ENOUGH
