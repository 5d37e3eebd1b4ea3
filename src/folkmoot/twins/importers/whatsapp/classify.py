"""What one message is: words, a picture with a caption, a poll, something taken back, an event.

The text of a record is what its author wrote and nothing else: placeholders and the mark of an edit are gone from it.
Polls, locations, calls and events keep their text as exported, for there the platform's words are the content.
"""

import re
from typing import NamedTuple

from folkmoot.twins.importers.record import Kind
from folkmoot.twins.importers.whatsapp import wording
from folkmoot.twins.importers.whatsapp.headers import MARKS

_MARKS = re.compile(f"[{MARKS}]+")
_LRM = "\u200e"
_LONGEST_PHRASE = 80
_WHATSAPP_FILE = re.compile(
    r"(?:(?:IMG|VID|AUD|PTT|STK|DOC)-\d{8}-WA\d+|\d{6,8}-(?:PHOTO|VIDEO|AUDIO|GIF|STICKER)-.*)\.\w{2,5}"
)
_ANDROID_FILE = re.compile(r"([^\n]{1,250}\.\w{1,6}) \(([^()\n]{3,40})\)(?:\n|$)")
_IOS_FILE = re.compile(r"<([^<>:\n]{2,40}?)\s?: ?([^<>\n]{1,250}\.\w{1,6})>")
_EDIT_MARK = re.compile(r"<([^<>\n]{4,60}?)\.?>\s*$")
_OPTION = re.compile(r"\n[^\W\d_]{3,16}\s?: [^\n]+\(\d+ [^()\n]+\)(?:\n|$)")
_QUESTION = re.compile(r"[^\W\d_]{3,16}\s?:\s*\n")


class Content(NamedTuple):
    """What a message turned out to be."""

    kind: Kind
    text: str
    edited: bool = False
    attachment: str | None = None


def without_marks(text: str) -> str:
    """The text without invisible marks of direction; joined emoji stay joined."""
    return text if text.isascii() else _MARKS.sub("", text)


def classify(body: str, *, ios: bool) -> Content:
    """The content of a message that has an author. `body` is as exported, with its marks and inner line breaks."""
    marked = ios and body[:1] == _LRM and body[1:2] != "@"
    text = without_marks(body).strip()
    if not marked and _is_plain(text, body):
        return Content(Kind.TEXT, text)
    edited = False
    if text.endswith(">") and (mark := _EDIT_MARK.search(text)) and _is_edit(mark[1], body, ios=ios):
        text, edited = text[: mark.start()].rstrip(), True
    found = _placeholder(text, body, marked=marked) or _attachment(text) or _structured(text, marked=marked)
    if found is None:
        found = Content(Kind.SYSTEM, text) if _is_notice(text, marked=marked) else Content(Kind.TEXT, text)
    return found._replace(edited=True) if edited else found


def _is_plain(text: str, body: str) -> bool:
    """Whether a look at a text's beginning and its signs tells that it is words; most are, and need no more."""
    return not (
        ">" in text
        or ")" in text
        or ":" in text[:24]
        or (body is not text and _LRM in body)
        or _opening(text) in _OPENINGS
    )


def _opening(text: str) -> str:
    return text[:3].casefold().replace("\u00a0", " ").replace("\u202f", " ")[:3].rstrip(". ")


_OPENINGS = frozenset(
    _opening(one) for one in (*wording.WHOLE_TEXTS, *wording.CALLS, *wording.NOTICES) if one[:1] != "<"
)


def event(body: str) -> Content:
    """The content of a line without an author."""
    text = without_marks(body).strip()
    key = _phrase(text)
    is_call = key.startswith(wording.CALLS)
    return Content(Kind.CALL if is_call else Kind.SYSTEM, text)


def _phrase(text: str) -> str:
    return text[:_LONGEST_PHRASE].casefold().rstrip(". \r\n").replace("\u00a0", " ").replace("\u202f", " ")


def _is_edit(words: str, body: str, *, ios: bool) -> bool:
    """A known phrase; or, on iOS, any bracketed sentence behind a mark that names no file."""
    if _phrase(words) in wording.EDITED:
        return True
    at = body.rfind("<")
    return ios and at > 1 and body[at - 1] == _LRM and ":" not in words and not _omits(words)


def _omits(words: str) -> bool:
    return _phrase(words).endswith(wording.SOMETHING_OMITTED)


def _placeholder(text: str, body: str, *, marked: bool) -> Content | None:
    """Something left out: as the whole text, with a caption on the next lines, or (iOS) behind the caption."""
    if len(text) <= _LONGEST_PHRASE and (known := wording.WHOLE_TEXTS.get(_phrase(text))):
        kind, what = known
        keeps = kind in {Kind.CALL, Kind.LOCATION}
        return Content(kind, text if keeps else "", attachment=what or None)
    first, _, caption = text.partition("\n")
    if first[:1] == "<" and first[-1:] == ">" and (_omits(first[1:-1]) or _phrase(first) in wording.WHOLE_TEXTS):
        return Content(Kind.MEDIA, caption.strip(), attachment=first[1:-1])
    if marked and caption and (known := wording.WHOLE_TEXTS.get(_phrase(first))) and known[0] is Kind.MEDIA:
        return Content(Kind.MEDIA, caption.strip(), attachment=known[1])
    if marked and len(text) <= _LONGEST_PHRASE and _phrase(text).startswith(wording.ONCE) and _omits(text):
        return Content(Kind.MEDIA, "", attachment=text)
    if _LRM in body[1:]:
        before, _, behind = body.rpartition(_LRM)
        known = wording.WHOLE_TEXTS.get(_phrase(without_marks(behind).strip()))
        if known and known[0] in {Kind.MEDIA, Kind.CONTACT} and known[1] != "expired":
            return Content(known[0], without_marks(before).strip(), attachment=known[1])
    return None


def _attachment(text: str) -> Content | None:
    """A file that was exported too: Android names it in the first line, iOS behind the caption."""
    if (
        ")" in text
        and (found := _ANDROID_FILE.match(text))
        and (_phrase(found[2]) in wording.ATTACHED or _WHATSAPP_FILE.fullmatch(found[1]))
    ):
        return _file(found[1], text[found.end() :].strip())
    if (
        "<" in text
        and (inner := _IOS_FILE.search(text))
        and (_phrase(inner[1]) in wording.ATTACHED_IOS or _WHATSAPP_FILE.fullmatch(inner[2]))
    ):
        return _file(inner[2], (text[: inner.start()].rstrip() + text[inner.end() :]).strip())
    return None


def _file(name: str, caption: str) -> Content:
    kind = Kind.CONTACT if name.casefold().endswith(".vcf") else Kind.MEDIA
    return Content(kind, caption, attachment=name)


def _structured(text: str, *, marked: bool) -> Content | None:
    """Polls, locations and calls."""
    head, colon, rest = text[:24].partition(":")
    if colon:
        if _OPTION.search(text) and (_QUESTION.match(text) or head.strip().isupper()):
            return Content(Kind.POLL, text)
        if head.strip().casefold() == "poll" and rest[:1] == "\n":
            return Content(Kind.POLL, text)
        if head.strip().casefold() in wording.PLACES and ("https://" in text or "http://" in text):
            return Content(Kind.LOCATION, text)
    if marked and _phrase(text).startswith(wording.CALLS + wording.MARKED_CALLS):
        return Content(Kind.CALL, text)
    if len(text) <= _LONGEST_PHRASE and _phrase(text).startswith(wording.CALLS):
        return _call(text)
    return None


def _call(text: str) -> Content | None:
    """`Missed voice call at 10:05`, but not a sentence that begins like it."""
    key = _phrase(text)
    tail = next(key[len(words) :] for words in wording.CALLS if key.startswith(words))
    return Content(Kind.CALL, text) if not tail or tail.startswith((".", ",", " at ", " um ")) else None


def _is_notice(text: str, *, marked: bool) -> bool:
    """An iPhone puts events under a name, behind a mark; the notice of encryption stands under any name."""
    return marked or (text[:1].isalpha() and text[:60].casefold().startswith(wording.NOTICES))
