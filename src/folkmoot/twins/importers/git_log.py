"""Commits as messages: who, when, the message, and the paths touched. From a repository's folder or a saved `git log`.

A dump may be in git's `medium`, `full`, `fuller` or `raw` form with any `--date`, and with `--name-only`,
`--name-status`, `--stat`, `--numstat` or `-p`. Merges that git or a forge worded are events: nobody wrote them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from folkmoot.twins.importers.columns import Moments
from folkmoot.twins.importers.errors import NotAnExportError
from folkmoot.twins.importers.git_repository import Commit, RepositorySource
from folkmoot.twins.importers.record import Account, ExportRecord, Kind, ReadOptions, in_utc
from folkmoot.twins.importers.source import Source

_COMMIT = re.compile(r"(?:\* )?commit ([0-9a-f]{7,64})(?: [(<>0-9a-f].*)?$")
_PERSON = re.compile(r"(?:Author:\s+|author )(.*?)\s*<([^<>]*)>(?: (\d+ [+-]\d{4}))?$")
_DATE = re.compile(r"(?:Date|AuthorDate):\s+(.+)$")
_STATUS = re.compile(r"(?:[ACDMTUXB]|[RC]\d{1,3})\t(.+)$")
_NUMSTAT = re.compile(r"(?:\d+|-)\t(?:\d+|-)\t(.+)$")
_STAT = re.compile(r" (\S.*?)\s+\|\s+(?:\d+|Bin\b.*)(?: [+-]*)?.*$")
_DIFF = re.compile(r"diff --git \"?a/(.+?)\"? \"?b/(.+?)\"?$")
_QUOTED = re.compile(r"\\(?:([0-7]{3})|(.))")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r"}
_DIFF_LINE = re.compile(r"(?:[-+ @\\]|index |new file|deleted file|old mode|new mode|similarity|rename |copy |Binary )")
_TOTALS = re.compile(r" \d+ files? changed")
_HEADER = re.compile(r"(?:Merge|Commit|CommitDate|Notes|Reflog.*):|(?:tree|parent|committer|gpgsig) ")
_RENAMED = re.compile(r"\{[^{}]* => ([^{}]*)\}")
_RAW = re.compile(r"(\d{9,12}) [+-]\d{4}")
_DEFAULT = "%a %b %d %H:%M:%S %Y"
_MERGE = re.compile(r"Merge (?:branch|remote-tracking branch|pull request|tag|commit|[0-9a-f]{7,40} into) ?")
_MOST_PATHS = 1_000
_SNIFFED_LINES = 40


@dataclass(slots=True)
class _Entry:
    """One commit of a dump, as far as it was read."""

    line: int
    commit: str
    author: str = ""
    mail: str = ""
    date: str = ""
    merge: bool = False
    parents: int = 0
    body: list[str] = field(default_factory=list)
    paths: dict[str, None] = field(default_factory=dict)
    in_diff: bool = False

    def take(self, line: str) -> None:
        """One more line of the commit."""
        if line.startswith("    "):
            if not self.in_diff:
                self.body.append(line[4:])
        elif not line.strip():
            if self.body and not self.paths:
                self.body.append("")
        elif not self.date and not self.body:
            self._header(line)
        else:
            self._path(line)

    def _header(self, line: str) -> None:
        if person := _PERSON.match(line):
            self.author, self.mail, raw = person[1], person[2], person[3]
            self.date = raw or self.date
        elif date := _DATE.match(line):
            self.date = date[1].strip()
        elif line.startswith(("Merge:", "parent ")):
            self.parents += line.startswith("parent ")
            self.merge = self.merge or self.parents > 1 or line.startswith("Merge:")

    def _path(self, line: str) -> None:
        if found := _DIFF.match(line):
            self.in_diff = True
            self.paths[_unquoted(f'"{found[2]}"' if "\\" in found[2] else found[2])] = None
        elif self.in_diff or _TOTALS.match(line) or _HEADER.match(line) or len(self.paths) >= _MOST_PATHS:
            return
        elif found := _STATUS.match(line) or _NUMSTAT.match(line) or _STAT.match(line):
            path = _RENAMED.sub(r"\1", found[1].rpartition("\t")[2]).replace("//", "/")
            self.paths[_unquoted(path.rpartition(" => ")[2].strip())] = None
        elif not _DIFF_LINE.match(line):
            self.paths[_unquoted(line.strip())] = None


def _unquoted(path: str) -> str:
    """A path that git wrote in quotes, its letters beyond ASCII as octal bytes."""
    if len(path) < 3 or path[0] != '"' or path[-1] != '"':  # noqa: PLR2004 - two quotes and something
        return path
    raw = bytearray()
    done = 1
    for found in _QUOTED.finditer(path, 1, len(path) - 1):
        raw += path[done : found.start()].encode()
        raw += bytes([int(found[1], 8) & 255]) if found[1] else _ESCAPES.get(found[2], found[2]).encode()
        done = found.end()
    return (raw + path[done:-1].encode()).decode("utf-8", errors="replace")


class GitImporter:
    """A repository's history, from its folder or from a saved `git log`."""

    platform = "git"

    def sniff(self, head: str, name: str) -> float:
        del name
        lines = [one.rstrip("\r") for one in head.split("\n")[:_SNIFFED_LINES]]
        for at, line in enumerate(lines):
            if _COMMIT.match(line):
                return 0.98 if any(_PERSON.match(one) for one in lines[at : at + 8]) else 0.5
        return 0.0

    def members(self, names: list[str]) -> list[str]:
        return [one for one in names if one.casefold().endswith((".log", ".txt"))]

    def read(self, source: Source, options: ReadOptions, account: Account) -> Iterator[ExportRecord]:
        zone = options.zone()
        if isinstance(source, RepositorySource):
            for position, commit in enumerate(source.commits(), start=1):
                account.parsed += 1
                yield _from_repository(commit, position)
            return
        moments = Moments(zone=zone, order=options.date_order)
        entry: _Entry | None = None
        for number, raw in enumerate(source.lines(), start=1):
            account.lines = number
            line = raw.rstrip("\r\n")
            if found := _COMMIT.match(line):
                if entry:
                    yield from _from_dump(entry, moments, zone, account)
                entry = _Entry(number, found[1])
            elif entry:
                entry.take(line)
            elif line.strip():
                account.skipped["before_first_commit"] += 1
        if entry is None:
            raise NotAnExportError(f"{source.name} is no git log: no line begins with 'commit HASH'", file=source.name)
        yield from _from_dump(entry, moments, zone, account)


def _from_dump(entry: _Entry, moments: Moments, zone: tzinfo | None, account: Account) -> Iterator[ExportRecord]:
    if not entry.author and not entry.mail:
        account.skipped["no_author"] += 1
        return
    moment = _date(entry.date, moments, zone)
    if moment is None:
        account.skipped["invalid_date"] += 1
        return
    account.parsed += 1
    text = "\n".join(entry.body).strip()
    yield _record(
        text, merge=entry.merge, moment=moment, author=entry.author or entry.mail, position=entry.line,
        paths=tuple(entry.paths), commit=entry.commit,
    )  # fmt: skip


def _from_repository(commit: Commit, position: int) -> ExportRecord:
    return _record(
        commit.message, merge=commit.parents > 1, moment=in_utc(commit.when, None), author=commit.author or commit.mail,
        position=position, paths=commit.paths[:_MOST_PATHS], commit=commit.commit,
    )  # fmt: skip


def _record(
    text: str, *, merge: bool, moment: datetime, author: str, position: int, paths: tuple[str, ...], commit: str
) -> ExportRecord:
    by_git = merge and _MERGE.match(text) is not None
    kind = Kind.SYSTEM if by_git else Kind.TEXT
    return ExportRecord(moment, None if by_git else author, text, kind, position, paths=paths, source_id=commit)


def _date(written: str, moments: Moments, zone: tzinfo | None) -> datetime | None:
    """Any of git's date forms; None for relative ones, which mean nothing in a file."""
    if found := _RAW.fullmatch(written):
        return moments.read(int(found[1]))
    for form in (f"{_DEFAULT} %z", _DEFAULT):
        try:
            return in_utc(datetime.strptime(written, form), zone)  # noqa: DTZ007 - `--date=local` has no zone; the reader adds the person's
        except ValueError:
            continue
    return moments.read(written)
