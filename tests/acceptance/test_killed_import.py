"""`kill -9` of the server in the middle of a long import, twice: it goes on by itself and doubles nothing."""

import threading
from pathlib import Path

import httpx
import pytest

from tests.acceptance.exports import CONSENT, FORM, PERSON, whatsapp
from tests.acceptance.probing import eventually, no_traceback, rows
from tests.serving import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LINES = 15_000


def stored(home: Path) -> int:
    found = rows(home, "SELECT count(*) FROM twin_messages")
    return int(found[0][0]) if found else 0


def upload(served: Served, file: Path) -> httpx.Response:
    with served.client(timeout=240) as client, file.open("rb") as body:
        return client.post(f"/api/twins/{PERSON}/imports", files={"file": ("chat.txt", body)}, data=FORM)


def kill_at(served: Served, count: int) -> None:
    try:
        eventually(lambda: stored(served.home) >= count, seconds=120, every=0.02, what=f"{count} messages stored")
    finally:
        served.kill()


def test_an_import_goes_on_after_two_kills_and_doubles_nothing(tmp_path: Path) -> None:
    file = whatsapp(tmp_path / "chat.txt", LINES)
    home = tmp_path / "home"
    served = serve(home)
    with served.client() as client:
        client.post("/api/consents", json=CONSENT).raise_for_status()
    refused: list[Exception] = []

    def send() -> None:
        try:
            upload(served, file)
        except httpx.TransportError as error:
            refused.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    kill_at(served, 3_000)
    sending.join(60)
    assert refused, "the client must not have heard that it is done"
    after_first = stored(home)
    assert after_first < LINES

    served = serve(home)
    kill_at(served, after_first + 3_000)
    assert stored(home) < LINES

    served = serve(home)
    try:
        with served.client() as client:

            def done() -> bool:
                page = client.get(f"/api/twins/{PERSON}/imports").raise_for_status().json()
                assert page["total"] == 1
                return bool(page["items"][0]["state"] == "done")

            eventually(done, seconds=150, every=0.5, what="the import done")
            (one,) = client.get(f"/api/twins/{PERSON}/imports").json()["items"]
            assert (one["messages"], one["own"]) == (LINES, LINES // 2)
            assert sum(one["skipped"].values()) == 0
            assert stored(home) == LINES
            twin = client.get(f"/api/twins/{PERSON}").json()
            assert twin["own_messages"] == LINES // 2
        again = upload(served, file).raise_for_status().json()
        assert (again["messages"], again["skipped"]) == (0, {"duplicate": LINES})
        assert stored(home) == LINES
        assert not list((home / "imports").iterdir())
    finally:
        assert served.stop() == 0
    no_traceback(served)
