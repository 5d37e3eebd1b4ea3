"""One real server for all tests of the faces (one per test process), with the acme team up."""

from collections.abc import Iterator

import httpx
import pytest

from tests.serving import Served, serve
from tests.stub_model import stub_model  # noqa: F401  # a fixture

ACME = frozenset({"carmen", "eleanor", "jonas", "lin", "mira", "pavel"})  # the twins of the team


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose home is its own; tests share it, so they make people of their own."""
    served = serve(tmp_path_factory.mktemp("faces") / "home")
    with served.client() as client:
        client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
    yield served
    served.stop()


@pytest.fixture(autouse=True)
def as_it_was_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take back what a test left: open tasks, which would fill everybody's hands, and twins, who would be asked too."""
    uses_it = "server" in request.fixturenames
    served: Served | None = request.getfixturevalue("server") if uses_it else None
    yield
    if served is None:
        return
    with served.client() as client:
        for state in ("pending", "consulting", "negotiating", "assigned", "in_progress"):
            for task in (
                client.get("/api/tasks", params={"status": state, "limit": 100}).raise_for_status().json()["items"]
            ):
                # One that moved on meanwhile answers 409, and has ended or is found again after the next test.
                client.put(f"/api/tasks/{task['task_id']}/status", json={"status": "cancelled"})
        for twin in client.get("/api/twins", params={"limit": 100}).raise_for_status().json()["items"]:
            if twin["agent_id"] not in ACME:
                client.delete(f"/api/twins/{twin['person']}").raise_for_status()


@pytest.fixture
def api(server: Served) -> Iterator[httpx.Client]:
    """The administrator's client."""
    with server.client() as client:
        yield client


@pytest.fixture
def stranger(server: Served) -> Iterator[httpx.Client]:
    """A client without a token."""
    with server.client(token=None) as client:
        yield client
