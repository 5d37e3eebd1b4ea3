"""Which number is the day: deduced where a file proves it, asked for where it does not, never guessed."""

from pathlib import Path

import pytest

from folkmoot.twins.importers import AmbiguousDatesError, DateOrder, ReadOptions, open_export
from folkmoot.twins.importers.errors import UnknownTimezoneError, WrongDateOrderError


def chat(folder: Path, *dates: str) -> Path:
    path = folder / "chat.txt"
    path.write_text(
        "".join(f"{date}, 10:{n:02d} - Ann: message {n}\n" for n, date in enumerate(dates)), encoding="utf-8"
    )
    return path


def days(path: Path, **said: str) -> list[str]:
    records = open_export(path, options=ReadOptions.of(**said)).records()
    return [one.ts.date().isoformat() for one in records if one.ts]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("13/02/2024", "01/03/2024"), ["2024-02-13", "2024-03-01"]),
        (("02/13/2024", "03/01/2024"), ["2024-02-13", "2024-03-01"]),
        (("11/01/2024", "02/02/2024"), ["2024-01-11", "2024-02-02"]),  # month first, time would run backwards
        (("01/11/2024", "02/02/2024"), ["2024-01-11", "2024-02-02"]),  # day first, it would too
        (("05.06.2024", "06.06.2024"), ["2024-06-05", "2024-06-06"]),  # nobody writes the month first with dots
        (("05/05/2024", "06/06/2024"), ["2024-05-05", "2024-06-06"]),  # the same either way
    ],
)
def test_what_a_file_proves_is_not_asked_for(tmp_path: Path, dates: tuple[str, ...], expected: list[str]) -> None:
    assert days(chat(tmp_path, *dates)) == expected


def test_what_a_file_leaves_open_is_asked_for_with_the_option_that_answers(tmp_path: Path) -> None:
    path = chat(tmp_path, "01/02/2024", "02/02/2024", "03/02/2024")
    with pytest.raises(AmbiguousDatesError, match=r"--date-order dmy or --date-order mdy") as raised:
        days(path)
    assert raised.value.fields["likely"] == "dmy"
    assert days(path, date_order="dmy") == ["2024-02-01", "2024-02-02", "2024-02-03"]
    assert days(path, date_order="mdy") == ["2024-01-02", "2024-02-02", "2024-03-02"]


def test_an_order_that_the_file_refutes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongDateOrderError, match="13/02/2024"):
        days(chat(tmp_path, "13/02/2024", "14/02/2024"), date_order="mdy")


def test_a_date_that_does_not_exist_is_skipped_and_accounted_for(tmp_path: Path) -> None:
    export = open_export(chat(tmp_path, "13/02/2024", "31/02/2024", "01/03/2024"))
    assert len(list(export.records())) == 2
    assert export.account.skipped == {"invalid_date": 1}
    assert export.account.total == 3


def test_local_times_become_utc_in_the_zone_that_is_given(tmp_path: Path) -> None:
    path = chat(tmp_path, "13/02/2024", "13/07/2024")
    moments = [one.ts for one in open_export(path, options=ReadOptions(timezone="Europe/Berlin")).records()]
    assert [one.isoformat() for one in moments if one] == ["2024-02-13T09:00:00+00:00", "2024-07-13T08:01:00+00:00"]
    assert all(one.ts and one.ts.tzinfo is None for one in open_export(path).records())


def test_the_repeated_hour_in_autumn_runs_forward(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    lines = ("27.10.2024, 02:50", "27.10.2024, 02:10", "27.10.2024, 03:05")
    path.write_text("".join(f"{line} - Ann: x\n" for line in lines), encoding="utf-8")
    moments = [one.ts for one in open_export(path, options=ReadOptions(timezone="Europe/Berlin")).records()]
    assert [one.strftime("%H:%M") for one in moments if one] == ["00:50", "01:10", "02:05"]


def test_a_zone_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownTimezoneError, match="Europe/Berlin"):
        open_export(chat(tmp_path, "13/02/2024"), options=ReadOptions(timezone="Middle-earth/Shire"))


def test_options_in_words() -> None:
    options = ReadOptions.of(date_order="MDY", columns="author=dev, text=title+body", timezone="UTC")
    assert options.date_order is DateOrder.MDY
    assert options.columns == {"author": ("dev",), "text": ("title", "body")}
