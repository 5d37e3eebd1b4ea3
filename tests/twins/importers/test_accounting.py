"""Nothing disappears: whatever a file holds, each entry is parsed or skipped with a reason, or the file is refused."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkmoot.twins.importers import ImportFormatError, Kind, ReadOptions, open_export, preview

START = datetime(2019, 12, 28, 22, 0)  # noqa: DTZ001 - local time, as in an export
NAMES = st.sampled_from(["Ann", "Zoë Müller", "Bob 🎉", "Dr. Who", "علي", "小明", "+49 151 2345678"])
WORDS = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp"), exclude_characters="\u061c"),
    min_size=1,
    max_size=60,
).map(lambda text: " ".join(text.split()) or "x")
MESSAGES = st.lists(
    st.tuples(NAMES, st.lists(WORDS, min_size=1, max_size=3), st.integers(1, 4000)), min_size=3, max_size=20
)
FORMS = {
    "uk": ("%d/%m/%Y, %H:%M - ", "\n"),
    "us": ("%m/%d/%y, %I:%M %p - ", "\n"),
    "germany": ("%d.%m.%y, %H:%M - ", "\n"),
    "sweden": ("%Y-%m-%d %H:%M - ", "\n"),
    "ios uk": ("[%d/%m/%Y, %H:%M:%S] ", "\r\n"),
    "ios us": ("[%m/%d/%y, %I:%M:%S\u202f%p] ", "\r\n"),
}
GARBAGE = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            [
                "31/01/2024, 21:05 - Ann: hi",
                "31/01/2024, 21:05 - ",
                "[31/01/2024, 21:05:12] Ann:",
                "99/99/9999, 99:99 - x: y",
                "31/01/2024, 21:05 - null",
                '{"author": "a", "text": "b", "ts": 1706735112}',
                "{",
                "commit 3f786850e387550fdab836ed7e6dc881de23001b",
                "Author: A <a@b.c>",
                "FROM,TO,DATE,CONTENT",
                '"a',
                "author,text",
                "a,b,c,d",
            ]
        ),
    ),
    max_size=12,
)


@pytest.mark.parametrize("form", FORMS)
@given(messages=MESSAGES)
@settings(max_examples=25, deadline=None)
def test_a_written_chat_reads_back(form: str, messages: list[tuple[str, list[str], int]]) -> None:
    head, end = FORMS[form]
    moment = START
    written: list[tuple[datetime, str, str]] = [
        (moment, "Ann", "first"),
        (moment + timedelta(days=17), "Ann", "second"),
    ]
    moment += timedelta(days=18)
    for name, lines, minutes in messages:
        moment += timedelta(minutes=minutes)
        written.append((moment, name, "\n".join(["a " + lines[0], *("b " + line for line in lines[1:])])))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "chat.txt"
        path.write_text(
            "".join(f"{at.strftime(head)}{name}: {text}{end}" for at, name, text in written), "utf-8", newline=""
        )
        export = open_export(path, platform="whatsapp")
        records = list(export.records())
        assert [(one.ts, one.author, one.text) for one in records] == written
        assert {one.kind for one in records} == {Kind.TEXT}
        assert export.account.total == export.account.parsed == len(written)


@pytest.mark.parametrize("platform", [None, "whatsapp", "linkedin", "git", "jsonl", "csv"])
@given(lines=GARBAGE, raw=st.binary(max_size=80))
@settings(max_examples=60, deadline=None)
def test_garbage_is_refused_or_accounted_for(platform: str | None, lines: list[str], raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.txt"
        path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass") + raw)
        with suppress(ImportFormatError):
            export = open_export(path, platform=platform)
            count = sum(1 for _ in export.records())
            assert export.account.parsed == count
            assert export.account.total == count + sum(export.account.skipped.values())


def test_an_export_cut_off_at_any_byte_loses_no_message_before_the_cut(tmp_path: Path) -> None:
    whole = "".join(f"{day}.01.2024, 21:05 - Zoë: message {day} 👩\u200d💻\n" for day in range(13, 20)).encode()
    path = tmp_path / "chat.txt"
    for cut in range(60, len(whole)):
        path.write_bytes(whole[:cut])
        export = open_export(path, platform="whatsapp")
        texts = [one.text for one in export.records()]
        complete = whole[:cut].count(b"\n")
        assert texts[:complete] == [f"message {day} 👩\u200d💻" for day in range(13, 13 + complete)]
        assert len(texts) <= complete + 1
        assert export.account.total == len(texts) + export.account.skipped.total()


def test_lines_before_the_first_message_are_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text("end of a message\n\nmore of it\n31/01/2024, 21:05 - Ann: hi\n", encoding="utf-8")
    *entries, account = preview(path, "whatsapp")
    assert len(entries) == 1
    assert account == {
        "kind": "account",
        "parsed": 1,
        "skipped": {"before_first_message": 2},
        "total": 3,
        "lines": 4,
        "platform": "whatsapp",
    }


def test_a_second_reading_goes_on_behind_a_position_with_the_same_positions(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text("".join(f"31/01/2024, 21:05 - Ann: {n}\nmore\n" for n in range(50)), encoding="utf-8")
    export = open_export(path)
    first = [one for one, _ in zip(export.records(), range(20), strict=False)]
    rest = list(export.records(start_after=first[-1].position))
    assert [one.text for one in first + rest] == [f"{n}\nmore" for n in range(50)]
    assert export.account.total == 50


def test_a_long_chat_needs_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "chat.txt"
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(f"31/01/2024, {n // 60 % 24:02d}:{n % 60:02d} - Ann: message {n}\n" for n in range(20_000))
    export = open_export(path, options=ReadOptions(timezone="UTC"))
    tracemalloc.start()
    count = sum(1 for _ in export.records())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 3_000_000


@pytest.mark.parametrize("head", ["31/01/2024, 21:06 - ", "[31/01/2024, 21:06:00] "])
def test_an_export_that_ends_behind_a_head_has_no_event_there(tmp_path: Path, head: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(f"{head}Ann: hello\n{head}", encoding="utf-8")
    export = open_export(path)
    assert [one.text for one in export.records()] == ["hello"]
    assert export.account.skipped == {"truncated": 1}
