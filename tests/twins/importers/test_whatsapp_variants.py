"""Each way that phones write a WhatsApp export, one file at a time: what a person sent is what comes out."""

from datetime import datetime
from pathlib import Path

import pytest

from folkmoot.twins.importers import ExportRecord, Kind, ReadOptions, open_export

LRM, RLM, NNBSP = "\u200e", "\u200f", "\u202f"
EVENING = datetime(2024, 1, 31, 21, 5)  # noqa: DTZ001 - what an export without a zone gives


def read(folder: Path, text: str, *, name: str = "chat.txt", options: ReadOptions | None = None) -> list[ExportRecord]:
    path = folder / name
    path.write_bytes(text.encode())
    export = open_export(path, options=options)
    records = list(export.records())
    assert export.account.parsed == len(records)
    assert export.account.total == export.account.parsed + export.account.skipped.total()
    return records


HEADS = {
    "android us 12 h": "1/31/24, 9:05 PM - ",
    "android us 12 h with a narrow space": f"1/31/24, 9:05{NNBSP}PM - ",
    "android uk": "31/01/2024, 21:05 - ",
    "android india": "31/01/24, 9:05 pm - ",
    "android germany": "31.01.24, 21:05 - ",
    "android germany um": "31.01.2024 um 21:05 - ",
    "android spain": f"31/1/24, 9:05{NNBSP}p.\u00a0m. - ",
    "android mexico": "31/01/24 9:05 p.m. - ",
    "android brazil": "31/01/2024 21:05 - ",
    "android portugal": "31/01/2024 às 21:05 - ",
    "android france": "31/01/2024 à 21:05 - ",
    "android canada": "2024-01-31, 21 h 05 - ",
    "android netherlands": "31-01-2024 21:05 - ",
    "android italy": "31/01/24, 21:05 - ",
    "android finland": "31.1.2024 klo 21.05 - ",
    "android denmark": "31.01.2024 21.05 - ",
    "android indonesia": "31/01/24 21.05 - ",
    "android sweden": "2024-01-31 21:05 - ",
    "android hungary": "2024. 01. 31. 21:05 - ",
    "android hungary with dots": "2024. 01. 31. 21.05 - ",
    "android croatia": "31. 01. 2024. 21:05 - ",
    "android slovakia": "31. 1. 2024, 21:05 - ",
    "android bulgaria": "31.01.24 г., 21:05 ч. - ",
    "android turkey": "31.01.2024 21:05 - ",
    "android turkey 12 h": "31.01.2024 ÖS 9:05 - ",
    "android greece": "31/1/24, 9:05 μ.μ. - ",
    "android korea": "2024. 1. 31. 오후 9:05 - ",
    "android korea, short year": "24. 1. 31. 오후 9:05 - ",
    "android china": "2024/1/31 下午9:05 - ",
    "android taiwan evening": "2024/1/31 晚上9:05 - ",
    "android japan": "2024/01/31, 午後9:05 - ",
    "android china with words": "2024年1月31日 21:05 - ",
    "android south africa": "2024/01/31, 21:05 - ",
    "android thailand": "31/1/2567 21:05 - ",
    "android thailand, short year": "31/1/67 21:05 - ",
    "android arabic": f"٣١{RLM}/١{RLM}/٢٠٢٤، ٩:٠٥ م - ",
    "android arabic with a narrow space": f"٣١{RLM}/١{RLM}/٢٠٢٤، ٩:٠٥{NNBSP}م - ",
    "android hebrew": "31.1.2024, 21:05 - ",
    "ios us": "[1/31/24, 9:05:00 PM] ",
    "ios us with a narrow space": f"[1/31/24, 9:05:00{NNBSP}PM] ",
    "ios uk": "[31/01/2024, 21:05:00] ",
    "ios germany": "[31.01.24, 21:05:00] ",
    "ios france": "[31/01/2024 21:05:00] ",
    "ios france with a word": "[31/01/2024 à 21:05:00] ",
    "ios netherlands": "[31-01-2024 21:05:00] ",
    "ios finland": "[31.1.2024 klo 21.05.00] ",
    "ios china": "[2024/1/31 下午9:05:00] ",
    "ios japan": "[2024/01/31 21:05:00] ",
    "ios korea": "[2024. 1. 31. 오후 9:05:00] ",
    "ios arabic": f"[٣١{RLM}/١{RLM}/٢٠٢٤، ٩:٠٥:٠٠ م] ",
    "ios thailand": "[31/1/2567 BE 21:05:00] ",
    "ios australia": f"[31/1/2024, 9:05:00{NNBSP}pm] ",
    "browser": "[9:05 PM, 1/31/2024] ",
    "old ios": "31/01/24, 21:05:00: ",
    "old ios 12 h": "1/31/24, 9:05:00 PM: ",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
def test_every_locale_gives_the_same_messages(tmp_path: Path, head: str) -> None:
    first, second, third = read(
        tmp_path, f"{head}Zoë 🎉: see you: later\nbring 12/05/2024 - x\n{head}Bob: ok\n{head}Bob: \n"
    )
    assert [first.ts, second.ts] == [EVENING, EVENING]
    assert (first.author, first.text, first.kind) == ("Zoë 🎉", "see you: later\nbring 12/05/2024 - x", Kind.TEXT)
    assert (second.author, second.text) == ("Bob", "ok")
    assert (third.author, third.text, third.kind) == ("Bob", "", Kind.TEXT)


def test_midnight_and_noon_on_a_twelve_hour_phone(tmp_path: Path) -> None:
    records = read(tmp_path, "".join(f"1/31/24, 12:0{n} {half} - A: x\n" for n, half in ((1, "AM"), (2, "PM"))))
    assert [one.ts and one.ts.hour for one in records] == [0, 12]


ANDROID = {
    "<Media omitted>": (Kind.MEDIA, ""),
    "<Medien ausgeschlossen>": (Kind.MEDIA, ""),
    "<Multimedia omitido>": (Kind.MEDIA, ""),
    "<Mídia oculta>": (Kind.MEDIA, ""),
    "<Multimédia omitido>": (Kind.MEDIA, ""),
    "<Médias omis>": (Kind.MEDIA, ""),
    "<Media omessi>": (Kind.MEDIA, ""),
    "<Media weggelaten>": (Kind.MEDIA, ""),
    "<View once voice message omitted>": (Kind.MEDIA, ""),
    "<Media omitted>\nthe caption": (Kind.MEDIA, "the caption"),
    "IMG-20240131-WA0001.jpg (file attached)\nlook: here\ntwice": (Kind.MEDIA, "look: here\ntwice"),
    "IMG-20240131-WA0001.jpg (Datei angehängt)": (Kind.MEDIA, ""),
    "Report Q1.pdf (archivo adjunto)": (Kind.MEDIA, ""),
    "VID-20240131-WA0001.mp4 (arquivo anexado)": (Kind.MEDIA, ""),
    "PTT-20240131-WA0001.opus (ficheiro anexado)": (Kind.MEDIA, ""),
    "Note.pdf (fichier joint)": (Kind.MEDIA, ""),
    "Nota.pdf (file allegato)": (Kind.MEDIA, ""),
    "Brief.pdf (bestand bijgevoegd)": (Kind.MEDIA, ""),
    "Bob Builder.vcf (file attached)": (Kind.CONTACT, ""),
    "This message was deleted": (Kind.DELETED, ""),
    "You deleted this message": (Kind.DELETED, ""),
    "Diese Nachricht wurde gelöscht.": (Kind.DELETED, ""),
    "Se eliminó este mensaje.": (Kind.DELETED, ""),
    "Mensagem apagada": (Kind.DELETED, ""),
    "Ce message a été supprimé": (Kind.DELETED, ""),
    "Questo messaggio è stato eliminato": (Kind.DELETED, ""),
    "Dit bericht is verwijderd": (Kind.DELETED, ""),
    "null": (Kind.MEDIA, ""),
    "POLL:\nLunch?\nOPTION: Pizza (2 votes)\nOPTION: Sushi (0 votes)": (
        Kind.POLL,
        "POLL:\nLunch?\nOPTION: Pizza (2 votes)\nOPTION: Sushi (0 votes)",
    ),
    "Location: https://maps.google.com/?q=1.5,2.5": (Kind.LOCATION, "Location: https://maps.google.com/?q=1.5,2.5"),
    "live location shared": (Kind.LOCATION, "live location shared"),
    "Missed voice call": (Kind.CALL, "Missed voice call"),
    "I deleted this message from the draft": (Kind.TEXT, "I deleted this message from the draft"),
    "the <Media omitted> line is ugly": (Kind.TEXT, "the <Media omitted> line is ugly"),
    "missed call": (Kind.TEXT, "missed call"),
    "a null pointer": (Kind.TEXT, "a null pointer"),
    "<3": (Kind.TEXT, "<3"),
    "x < y and y > z": (Kind.TEXT, "x < y and y > z"),
    "note: buy (2 apples)": (Kind.TEXT, "note: buy (2 apples)"),
    "@491511234567 👩\u200d💻 hi": (Kind.TEXT, "@491511234567 👩\u200d💻 hi"),
}


@pytest.mark.parametrize(("body", "expected"), ANDROID.items(), ids=ANDROID.keys())
def test_what_a_message_on_android_is(tmp_path: Path, body: str, expected: tuple[Kind, str]) -> None:
    record, after = read(tmp_path, f"31/01/24, 21:05 - Alice: {body}\n31/01/24, 21:06 - Bob: next\n")
    assert (record.author, record.kind, record.text) == ("Alice", *expected)
    assert after.text == "next"


IOS = {
    f"{LRM}image omitted": (Kind.MEDIA, ""),
    f"{LRM}video omitted": (Kind.MEDIA, ""),
    f"{LRM}GIF omitted": (Kind.MEDIA, ""),
    f"{LRM}View once photo omitted": (Kind.MEDIA, ""),
    f"{LRM}document omitted": (Kind.MEDIA, ""),
    f"{LRM}Contact card omitted": (Kind.CONTACT, ""),
    f"{LRM}<attached: 00000012-PHOTO-2024-01-31-21-05-00.jpg>": (Kind.MEDIA, ""),
    f"look here: {LRM}<attached: 00000012-PHOTO-2024-01-31-21-05-00.jpg>": (Kind.MEDIA, "look here:"),
    f"zwei\nZeilen {LRM}<Anhang: 00000012-PHOTO-2024-01-31-21-05-00.jpg>": (Kind.MEDIA, "zwei\nZeilen"),
    f"{LRM}<adjunto: 00000012-AUDIO-2024-01-31-21-05-00.opus>": (Kind.MEDIA, ""),
    f"{LRM}<pièce jointe : 00000012-PHOTO-2024-01-31-21-05-00.jpg>": (Kind.MEDIA, ""),
    f"{LRM}<bijgevoegd: 00000012-Bob.vcf>": (Kind.CONTACT, ""),
    f"{LRM}This message was deleted.": (Kind.DELETED, ""),
    f"{LRM}You deleted this message.": (Kind.DELETED, ""),
    f"{LRM}POLL:\nWhere?\n{LRM}OPTION: A ({LRM}2 votes)\n": (Kind.POLL, "POLL:\nWhere?\nOPTION: A (2 votes)"),
    f"{LRM}Location: https://maps.google.com/?q=1,2": (Kind.LOCATION, "Location: https://maps.google.com/?q=1,2"),
    f"{LRM}Missed voice call": (Kind.CALL, "Missed voice call"),
    f"{LRM}Voice call, {LRM}5 min": (Kind.CALL, "Voice call, 5 min"),
    "hi @\u2068Alice Jones\u2069": (Kind.TEXT, "hi @Alice Jones"),
    "image omitted from the report": (Kind.TEXT, "image omitted from the report"),
}


@pytest.mark.parametrize(("body", "expected"), IOS.items(), ids=IOS.keys())
def test_what_a_message_on_ios_is(tmp_path: Path, body: str, expected: tuple[Kind, str]) -> None:
    mark = LRM if body.startswith(LRM) else ""
    text = f"{mark}[31/01/2024, 21:05:00] ~{NNBSP}Zoë: {body}\r\n[31/01/2024, 21:06:00] Bob: next\r\n"
    record, after = read(tmp_path, text)
    assert (record.author, record.kind, record.text) == ("Zoë", *expected)
    assert (after.author, after.text) == ("Bob", "next")


@pytest.mark.parametrize(
    "body",
    [
        "fixed it <This message was edited>",
        "fixed it <Diese Nachricht wurde bearbeitet.>",
        "fixed it <Se editó este mensaje.>",
        "fixed it <Mensagem editada>",
        "fixed it <Ce message a été modifié>",
        f"fixed it {LRM}<This message was edited>",
    ],
)
@pytest.mark.parametrize("head", ["31/01/24, 21:05 - ", "[31/01/24, 21:05:00] "])
def test_the_mark_of_an_edit_is_no_word_of_the_author(tmp_path: Path, head: str, body: str) -> None:
    (record,) = read(tmp_path, f"{head}Ann: {body}\n")
    assert (record.text, record.edited, record.kind) == ("fixed it", True, Kind.TEXT)


@pytest.mark.parametrize(
    "event",
    [
        "Messages and calls are end-to-end encrypted. Tap to learn more.",
        'Ann created group "plans: summer"',
        "Ann added Bob",
        "Bob left",
        'Ann changed the group name from "a: b" to "c: d"',
        "Ann a changé le nom du groupe de «\u202fa: b\u202f» à «\u202fc: d\u202f»",
        "Ann changed the group description to: no spam",
    ],
)
def test_an_android_event_has_no_author_whatever_colons_it_holds(tmp_path: Path, event: str) -> None:
    head = "31/01/24, 21:05 - "
    said, told = read(tmp_path, f"{head}Ann: hello\n{head}{event}\n")
    assert said.author == "Ann"
    assert (told.author, told.text, told.kind) == (None, event, Kind.SYSTEM)


def test_an_ios_event_stands_under_the_groups_title_or_the_actors_name(tmp_path: Path) -> None:
    head = "[31/01/2024, 21:05:00] "
    text = (
        f"{head}Trip: Rome 🇮🇹: {LRM}Messages and calls are end-to-end encrypted.\r\n"
        f"{head}Ann: {LRM}Ann changed the group name to “Trip: Oslo”\r\n{head}Ann: Trip: who comes?\r\n"
    )
    records = read(tmp_path, text)
    assert [(one.author, one.kind) for one in records] == [
        (None, Kind.SYSTEM),
        (None, Kind.SYSTEM),
        ("Ann", Kind.TEXT),
    ]
    assert records[-1].text == "Trip: who comes?"


def test_names_may_hold_colons_tildes_numbers_and_emoji(tmp_path: Path) -> None:
    once = read(tmp_path, "31/01/24, 21:05 - Ann Lefton: she added: two\n", name="once.txt")
    assert [(one.author, one.text) for one in once] == [("Ann Lefton", "she added: two")]
    names = ["Dr: Who 🚀", "Anna-Lena O'Neil", "\u202a+49 151 2345678\u202c", f"~{NNBSP}maya", "Mum: home"]
    lines = "".join(f"31/01/24, 21:05 - {name}: {n} is: fine\n" for n in range(4) for name in names)
    records = read(tmp_path, lines)
    assert [one.author for one in records[:5]] == [
        "Dr: Who 🚀",
        "Anna-Lena O'Neil",
        "+49 151 2345678",
        "maya",
        "Mum: home",
    ]
    assert {one.text for one in records} == {f"{n} is: fine" for n in range(4)}


def test_a_quoted_head_inside_an_ios_message_is_no_message(tmp_path: Path) -> None:
    head = "[31/01/2024, 21:05:00] "
    text = "".join(f"{head}Ann: line {n}\r\n" for n in range(8)) + f"{head}Bob: she said\n{head}Eve: no\nso there\r\n"
    records = read(tmp_path, text)
    assert len(records) == 9
    assert records[-1].text == f"she said\n{head}Eve: no\nso there"


def test_a_byte_order_mark_and_crlf_change_nothing(tmp_path: Path) -> None:
    plain = "31/01/24, 21:05 - Ann: a\n31/01/24, 21:06 - Bob: b\n"
    marked = "\ufeff" + plain.replace("\n", "\r\n")
    assert read(tmp_path, plain) == read(tmp_path, marked)


def test_utf_16_is_told_by_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_bytes("31/01/24, 21:05 - Zoë: grüße\n".encode("utf-16"))
    assert [one.text for one in open_export(path).records()] == ["grüße"]
