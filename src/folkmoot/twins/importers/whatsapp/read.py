"""The importer of WhatsApp chats: the second pass, which yields the messages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from folkmoot.twins.importers.dates import Numbers, to_date
from folkmoot.twins.importers.record import Account, ExportRecord, Kind, ReadOptions, in_utc
from folkmoot.twins.importers.source import Source
from folkmoot.twins.importers.whatsapp import wording
from folkmoot.twins.importers.whatsapp.classify import classify, event, without_marks
from folkmoot.twins.importers.whatsapp.headers import Head, HeadReader, is_cut_off
from folkmoot.twins.importers.whatsapp.survey import LONGEST_NAME, Survey, clean_name, survey

_SNIFFED_LINES = 200
_CACHED = 8_192
_AN_HOUR = timedelta(hours=1)
_LONGEST_MESSAGE = 1_000_000
_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"), ("„", "“"))
_SURE = 2


class WhatsAppImporter:
    """Text exports of WhatsApp chats (`.txt`, or the zip that a phone shares)."""

    platform = "whatsapp"

    def sniff(self, head: str, name: str) -> float:
        reader = HeadReader()
        lines = head.split("\n")[:_SNIFFED_LINES]
        heads = sum(1 for line in lines if reader.read(line))
        if not heads:
            return 0.0
        return 0.95 if reader.read(lines[0]) or heads > 1 or "whatsapp" in name.casefold() else 0.6

    def members(self, names: list[str]) -> list[str]:
        texts = [one for one in names if one.casefold().endswith(".txt")]
        chats = [one for one in texts if one.rpartition("/")[2] == "_chat.txt" or "whatsapp" in one.casefold()]
        return chats or texts

    def read(self, source: Source, options: ReadOptions, account: Account) -> Iterator[ExportRecord]:
        zone = options.zone()
        found = survey(source, options)
        reading = _Reading(found, zone, account)
        yield from reading.records(source)


class _Reading:
    """One second pass."""

    def __init__(self, found: Survey, zone: ZoneInfo | None, account: Account) -> None:
        self._found = found
        self._zone = zone
        self._account = account
        self._names: dict[str, str] = {}
        self._titles: dict[str, bool] = {}
        self._hours: dict[tuple[str, Numbers, int, int], datetime | None] = {}
        self._latest: datetime | None = None

    def records(self, source: Source) -> Iterator[ExportRecord]:
        orders, strict = self._found.orders, self._found.strict_ends
        heads, account = HeadReader(), self._account
        current: tuple[Head, str, int] | None = None
        more: list[str] = []
        size = 0
        crlf = True
        line = ""
        for number, line in enumerate(source.lines(), start=1):
            account.lines = number
            begins = heads.read(line) if crlf or not strict else None
            crlf = line.endswith("\r\n")
            if begins and begins[0].shape in orders:
                if current and (record := self._finished(current, more)):
                    yield record
                current, more, size = (begins[0], begins[1], number), [], 0
            elif current is None:
                if line.strip():
                    account.skipped["before_first_message"] += 1
            elif size < _LONGEST_MESSAGE:
                more.append(line)
                size += len(line)
            else:
                account.skipped["message_too_long"] += 1
        yield from self._last(current, more, line)

    def _last(self, current: tuple[Head, str, int] | None, more: list[str], line: str) -> Iterator[ExportRecord]:
        """The end of the file, which may be the middle of a line."""
        if current is None:
            return
        cut = not line.endswith("\n")
        if cut and more and is_cut_off(line):
            more.pop()
            self._account.skipped["truncated"] += 1
        if cut and not more and self._ends_in_name(current[1]):
            self._account.skipped["truncated"] += 1
            return
        if record := self._finished(current, more):
            yield record

    def _ends_in_name(self, rest: str) -> bool:
        """Whether the file ends before a message's text begins."""
        name = clean_name(rest)
        if ":" in rest or rest.endswith("."):
            return False
        return any(known.startswith(name) for known in self._found.names)

    def _finished(self, current: tuple[Head, str, int], more: list[str]) -> ExportRecord | None:
        head, rest, number = current
        moment = self._moment(head)
        if moment is None:
            self._account.skipped["invalid_date"] += 1
            return None
        author, body = self._author(rest.rstrip("\r\n"), android=head.shape.family == "android")
        if more:
            body = "\n".join((body, *(one.rstrip("\r\n") for one in more)))
        content = event(body) if author is None else classify(body, ios=head.shape.family != "android")
        self._account.parsed += 1
        written = author if content.kind is not Kind.SYSTEM else None
        return ExportRecord(
            moment, written, content.text, content.kind, number, edited=content.edited, attachment=content.attachment
        )

    def _moment(self, head: Head) -> datetime | None:
        """The time of a message. In the hour that a clock repeats in autumn, messages still go forward."""
        moment = self._in_zone(head, fold=0)
        latest = self._latest
        if moment is None:
            return None
        if self._zone and latest and moment < latest and latest - moment <= _AN_HOUR:
            again = self._in_zone(head, fold=1)
            if again and again >= latest:
                moment = again
        self._latest = moment
        return moment

    def _in_zone(self, head: Head, *, fold: int) -> datetime | None:
        """Zones change their offset at full hours only, so each hour is worked out once."""
        key = (head.shape.family, head.numbers, head.hour, fold)
        try:
            hour = self._hours[key]
        except KeyError:
            day = to_date(head.numbers, self._found.orders[head.shape])
            local = datetime(day.year, day.month, day.day, head.hour, fold=fold) if day else None  # noqa: DTZ001 - exports hold local times; the zone follows
            if len(self._hours) >= _CACHED:
                self._hours.clear()
            hour = self._hours[key] = in_utc(local, self._zone) if local else None
        return hour + timedelta(0, head.minute * 60 + head.second) if hour else None

    def _author(self, rest: str, *, android: bool) -> tuple[str | None, str]:
        """Name and body; no name for an event."""
        for name in self._found.colon_names:
            if rest.startswith(name + ": "):
                return self._clean(name), rest[len(name) + 2 :]
        name, colon, body = rest.partition(": ")
        if not colon:
            if rest.endswith(":") and self._clean(rest[:-1]) in self._found.names:
                return self._clean(rest[:-1]), ""
            return None, rest
        if ": \u200e" in body and self._found.names.get(self._clean(name), 0) <= _SURE:
            title, _, behind = rest.partition(": \u200e")
            if behind[:1] != "<":
                return self._clean(title), "\u200e" + behind
        if len(name) > LONGEST_NAME or (android and self._is_event(name)):
            return None, rest
        return self._clean(name), body

    def _is_event(self, name: str) -> bool:
        """Whether the first colon of an Android line belongs to a title inside an event."""
        known = self._titles.get(name)
        if known is None:
            if len(self._titles) >= _CACHED:
                self._titles.clear()
            known = self._titles[name] = self._has_event(name)
        return known

    def _has_event(self, name: str) -> bool:
        plain = without_marks(name)
        for opening, closing in _QUOTES:
            open_ones = plain.count(opening) % 2 if opening == closing else plain.count(opening) - plain.count(closing)
            if open_ones > 0:
                return True
        if self._found.names.get(self._clean(name), 0) > _SURE:
            return False
        folded = plain.casefold()
        return folded.startswith(wording.NOTICES) or any(verb in folded for verb in wording.EVENT_VERBS)

    def _clean(self, name: str) -> str:
        clean = self._names.get(name)
        if clean is None:
            if len(self._names) >= _CACHED:
                self._names.clear()
            clean = self._names[name] = clean_name(name)
        return clean
