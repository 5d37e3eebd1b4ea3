"""Exports as they come: cut off, binary, empty, with a byte-order mark, and very long, over HTTP into one server."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.exports import CONSENT, FORM, PERSON, whatsapp
from tests.acceptance.probing import memory, no_traceback, peak_memory, rows
from tests.serving import Served, folkmoot, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
LINES = 60_000
MOST_GROWTH = 192 * 2**20  # the router, which learns the team meanwhile, takes some of it


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = serve(tmp_path_factory.mktemp("exports") / "home")
    with served.client() as client:
        client.post("/api/consents", json=CONSENT).raise_for_status()
    yield served
    assert served.stop() == 0
    no_traceback(served)


def upload(served: Served, content: bytes | Path, **form: str) -> httpx.Response:
    raw = content.read_bytes() if isinstance(content, Path) else content
    with served.client(timeout=300) as client:
        return client.post(f"/api/twins/{PERSON}/imports", files={"file": ("chat.txt", raw)}, data=FORM | form)


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "empty"), (os.urandom(300_000), ""), (b"\x00" * 100_000, ""), (b"\xef\xbb\xbf", ""), (b"\n\n\n", "")],
)
def test_what_is_no_export_is_refused_and_leaves_nothing(served: Served, content: bytes, word: str) -> None:
    before = rows(served.home, "SELECT count(*) FROM twin_messages")
    answer = upload(served, content)
    assert answer.status_code == 422, answer.text
    assert word in answer.json()["detail"]
    assert rows(served.home, "SELECT count(*) FROM twin_messages") == before
    assert not [one for one in (served.home / "imports").glob("*") if one.is_file()]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_text(served: Served, tmp_path: Path, encoding: str) -> None:
    text = whatsapp(tmp_path / "chat.txt", 50).read_text().replace("note", f"a note in {encoding}")
    answer = upload(served, text.encode(encoding))
    assert answer.status_code == 201, answer.text
    assert (answer.json()["messages"], answer.json()["own"]) == (50, 25)


def test_a_file_that_was_cut_off_gives_what_is_in_it(served: Served, tmp_path: Path) -> None:
    whole = whatsapp(tmp_path / "chat.txt", 100).read_text().replace("note", "a note that was cut").encode()
    cut = whole[: len(whole) // 2 + 3] + "ü".encode()[:1]
    answer = upload(served, cut)
    assert answer.status_code == 201, answer.text
    one = answer.json()
    assert 45 < one["messages"] < 55
    assert one["problems"], "it says that something at the end could not be read"


def test_sixty_thousand_lines_in_bounded_memory(served: Served, tmp_path: Path) -> None:
    file = whatsapp(tmp_path / "chat.txt", LINES)
    before = memory(served)
    ended = folkmoot(
        *("twin", "import", PERSON, str(file), "--json"),
        *("--platform", "whatsapp", "--timezone", "UTC", "--date-order", "dmy"),
        home=served.home,
        seconds=360,
    )
    assert ended.returncode == 0, ended.stderr
    assert f'"messages": {LINES}' in ended.stdout
    grown = peak_memory(served) - before
    assert grown < MOST_GROWTH, f"{grown / 2**20:.0f} MiB more than {before / 2**20:.0f}"
