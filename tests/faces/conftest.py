"""One real server for all tests of the faces (one per test process), with the acme team up."""

from collections.abc import Iterator

import httpx
import pytest

from tests.serving import Served, serve


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose home is its own; tests share it, so they make tasks and people of their own."""
    served = serve(tmp_path_factory.mktemp("faces") / "home")
    with served.client() as client:
        client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
    yield served
    served.stop()


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
