"""From an entry of an export to a message that may be stored: whose it is, pseudonymised, redacted, with its id.

Pure but for reading the export: batches are made here in a worker thread; consent and rows are `import_export`'s.
The id is a keyed hash of the content, so that the same message in another or overlapping export is the same row, and
nobody without the twin's secret can tell from an id what was written.
"""

import hmac
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from folkmoot.consent import person_key
from folkmoot.kernel import FolkmootError
from folkmoot.twins.errors import AuthorNeededError, RedactionFailedError
from folkmoot.twins.importers import Export, ExportRecord, Kind, Pseudonyms
from folkmoot.twins.model import TwinMessage

EVERYBODY: Final = "*"
# Equal messages farther apart than this many others are taken for one; it bounds what is remembered of a file.
_REMEMBERED = 100_000
# Entries that hold words of their author's own.
_WORDED = frozenset({Kind.TEXT, Kind.MEDIA, Kind.POLL})
_NAMED_AUTHORS = 30


class Redacted(Protocol):
    """A text without personal data."""

    @property
    def text(self) -> str: ...

    @property
    def counts(self) -> Mapping[str, int]:
        """How many pieces were replaced, by kind."""
        ...


class Redactor(Protocol):
    """Replaces e-mail addresses, phone numbers, secrets and the like; raises if it cannot be sure."""

    def redact(self, text: str) -> Redacted: ...


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who appears in an export: the names that are the person, and everybody else's."""

    own: frozenset[str]
    others: frozenset[str]

    def is_own(self, author: str | None) -> bool:
        return EVERYBODY in self.own or author in self.own


@dataclass(slots=True)
class Batch:
    """Some messages and the account of the entries they came from."""

    messages: list[TwinMessage] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    redactions: Counter[str] = field(default_factory=Counter)
    position: int = 0  # the last entry that was looked at
    done: int = 0  # bytes of the file that were read, and all
    total: int = 0


def find_cast(export: Export, given: Collection[str], name: str) -> Cast:
    """Read the whole export for its names. The person is whoever was given, else who bears the person's own name.

    Spellings that differ in case or blanks only are one name. Raises `AuthorNeededError`, with every author and their
    number of entries, where a given name does not occur or, with none given, no author bears the person's name.
    """
    authors: Counter[str] = Counter()
    others: set[str] = set()
    for record in export.records():
        others.update(record.recipients)
        if record.author is not None and record.kind is not Kind.SYSTEM:
            authors[record.author] += 1
    if EVERYBODY in given:
        return Cast(own=frozenset({EVERYBODY}), others=frozenset())
    wanted = {_name_key(one): one for one in (given or (name,))}
    own = {author for author in authors if _name_key(author) in wanted}
    unknown = sorted(wanted[key] for key in wanted.keys() - {_name_key(author) for author in own})
    if unknown:
        raise _author_needed(authors, unknown, given, name)
    others.update(authors)
    return Cast(own=frozenset(own), others=frozenset(one for one in others if _name_key(one) not in wanted))


def _author_needed(authors: Counter[str], unknown: list[str], given: Collection[str], name: str) -> AuthorNeededError:
    asked = (
        f"{', '.join(unknown)} wrote nothing in this export" if given else f"no author in this export is named {name}"
    )
    listed = ", ".join(f"{author} ({count})" for author, count in authors.most_common(_NAMED_AUTHORS)) or "nobody"
    return AuthorNeededError(
        f"{asked}: say which author is {name} with --author. The authors are: {listed}",
        authors=dict(authors.most_common()),
        unknown=[*unknown],
    )


class Preparer:
    """Turns one pass over an export into batches."""

    def __init__(
        self,
        *,
        export: Export,
        person: str,
        consent_id: str,
        import_id: str,
        cast: Cast,
        secret: bytes,
        zone: ZoneInfo,
        redactor: Redactor,
    ) -> None:
        self._export = export
        self._person = person
        self._consent_id = consent_id
        # An export without conversations of its own is one conversation.
        self._conversation = import_id
        self._cast = cast
        self._secret = secret
        self._zone = zone
        self._redactor = redactor
        self._aliases = Pseudonyms(own=cast.own, others=cast.others, key=hmac.digest(secret, b"names", "sha256"))
        self._seen: OrderedDict[bytes, int] = OrderedDict()

    def batches(self, *, size: int, start_after: int = 0) -> Iterator[Batch]:
        """Batches of `size` entries, from behind position `start_after`; the last one may be smaller.

        What stands before is read again without being redacted, because ids depend on it. Raises
        `RedactionFailedError` if a text cannot be redacted, and what the importer raises.
        """
        batch = Batch()
        entries = 0
        for record in self._export.records():
            own = self._cast.is_own(record.author)
            message_id = self._id(record, own=own)
            if record.position <= start_after:
                continue
            self._take(record, batch, own=own, message_id=message_id)
            batch.position = record.position
            entries += 1
            if entries == size:
                yield self._measured(batch)
                batch, entries = Batch(position=batch.position), 0
        yield self._measured(batch)

    def _measured(self, batch: Batch) -> Batch:
        batch.done, batch.total = self._export.progress()
        return batch

    def _take(self, record: ExportRecord, batch: Batch, *, own: bool, message_id: str) -> None:
        text = _whole(record)
        if record.kind not in _WORDED or (record.author is None and EVERYBODY not in self._cast.own):
            batch.skipped[record.kind.value if record.kind is not Kind.TEXT else "no_author"] += 1
            return
        if not text.strip():
            batch.skipped["media" if record.kind is Kind.MEDIA else "empty"] += 1
            return
        try:
            redacted = self._redactor.redact(self._aliases.hide(text))
        except Exception as error:  # whatever it is, an unredacted text must not be stored
            # The text is not named: this message is shown and kept.
            raise RedactionFailedError(
                f"personal data could not be removed from entry {record.position} ({type(error).__name__}); "
                "the import stopped and nothing of it was kept",
                position=record.position,
                cause=error.code if isinstance(error, FolkmootError) else type(error).__name__,
            ) from error
        batch.redactions.update(redacted.counts)
        batch.messages.append(
            TwinMessage(
                message_id=message_id,
                person=self._person,
                consent_id=self._consent_id,
                platform=self._export.platform,
                position=record.position,
                at=self._moment(record.ts),
                own=own,
                author="" if own else self._aliases.of(record.author or ""),
                text=redacted.text,
                kind="commit" if self._export.platform == "git" else "message",
                thread=self._hash("thread", record.thread or self._conversation)[:16],
                paths=record.paths,
            )
        )

    def _id(self, record: ExportRecord, *, own: bool) -> str:
        # The person may be called differently in each export, and times are taken as they stand: another zone given
        # for the same file must not double it.
        author = "" if own else record.author or "?"
        what = (record.source_id,) if record.source_id else (record.thread, str(record.ts), record.subject, record.text)
        parts = (self._export.platform, author, *(part or "" for part in what))
        content = self._hash("message", "\x1f".join(parts))
        return f"msg_{self._hash(content, str(self._occurrence(content)))[:32]}"

    def _occurrence(self, content: str) -> int:
        key = bytes.fromhex(content)[:12]
        count = self._seen.pop(key, 0)
        self._seen[key] = count + 1
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return count

    def _hash(self, *parts: str) -> str:
        content = "\x1e".join(parts).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, content, "sha256").hex()

    def _moment(self, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).astimezone(UTC)


def _whole(record: ExportRecord) -> str:
    text = _storable(record.text)
    subject = _storable(record.subject or "").strip()
    return f"{subject}\n\n{text}".strip() if subject and subject not in text else text


def _storable(text: str) -> str:
    # No database keeps half a character, PostgreSQL no zero either; no chat means one.
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _name_key(name: str) -> str:
    stripped = name.strip().lstrip("~\u202f ").strip()
    return person_key(stripped) if stripped.isprintable() and 0 < len(stripped) <= 200 else stripped.casefold()  # noqa: PLR2004  # what a name may be at most
