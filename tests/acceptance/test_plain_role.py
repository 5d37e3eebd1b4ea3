"""The whole house under a database role that is nothing special: the policies hold for it, and nothing misses a row."""

import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.acceptance.exports import CONSENT, FORM, PERSON, whatsapp
from tests.acceptance.probing import no_traceback
from tests.postgres import PostgresServer
from tests.serving import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(400)]
WORD = "four words make one"


@pytest.fixture(scope="module")
def plain_owner(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database that belongs to a role without any privilege."""
    role, name = f"owner_{secrets.token_hex(4)}", f"plain_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as house:
        house.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'plain' NOSUPERUSER NOBYPASSRLS".encode())
        house.execute(f"CREATE DATABASE {name} OWNER {role}".encode())
        yield postgres_server.database_url(name).replace("folkmoot:folkmoot@", f"{role}:plain@")
        house.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        house.execute(f"DROP ROLE {role}".encode())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, plain_owner: str) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("plain")
    served = serve(folder / "home", DATABASE_URL=plain_owner)
    with served.client() as admin:
        admin.post("/api/initialize", json={"team": "acme"}).raise_for_status()
        admin.post("/api/consents", json=CONSENT).raise_for_status()
        chat = whatsapp(folder / "chat.txt", 200).read_bytes()
        done = admin.post(f"/api/twins/{PERSON}/imports", files={"file": ("chat.txt", chat)}, data=FORM)
        assert done.status_code == 201, done.text
        for name, person in (("Ann", PERSON), ("Ben", None)):
            account = {"name": name, "password": WORD, "role": "member", "person": person}
            admin.post("/api/users", json=account).raise_for_status()
    yield served
    served.stop()
    no_traceback(served)


@pytest.fixture
def signed_in(house: Served) -> Iterator[dict[str, httpx.Client]]:
    clients = {}
    for name in ("Ann", "Ben"):
        with house.client(token=None) as door:
            pair = door.post("/api/auth/token", json={"name": name, "password": WORD}).raise_for_status().json()
        clients[name] = house.client(token=pair["access_token"])
    yield clients
    for client in clients.values():
        client.close()


def lists(document: dict[str, Any]) -> list[str]:
    """Every route that is read without a parameter."""
    found = []
    for path, ways in document["paths"].items():
        needed = [one for one in ways.get("get", {}).get("parameters", ()) if one.get("required")]
        if "get" in ways and not needed and path.startswith("/api/"):
            found.append(path)
    return found


@pytest.mark.usefixtures("house")
def test_every_list_is_answered_to_members_as_without_the_wall(
    signed_in: dict[str, httpx.Client], plain_owner: str
) -> None:
    """Who asks reads the same with the policies and without them: the wall takes away nothing that is theirs."""
    ann, ben = signed_in["Ann"], signed_in["Ben"]
    lead = {"name": "Lee", "email": "lee@client.example", "message": "a shop", "services_interested": []}
    sent = ann.post("/api/leads/submit", json={"lead_data": lead, "analyze": False, "auto_respond": False})
    assert sent.status_code == 201, sent.text
    task = ann.post("/api/tasks", json={"title": "Mend the webhook", "description": "It swallows timeouts"}).json()
    paths = [
        *lists(ann.get("/openapi.json").json()),
        f"/api/twins/{PERSON}",
        f"/api/tasks/{task['task_id']}",
    ]
    moving = {"/api/status", "/api/agents/health", "/api/agents/messages", "/api/agents/messages/stats", "/api/models"}
    found = {}
    for policies in (True, False):
        with psycopg.connect(plain_owner, autocommit=True) as owner:
            for (table,) in owner.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity").fetchall():
                verb = "ENABLE" if policies else "DISABLE"
                owner.execute(f"ALTER TABLE {table} {verb} ROW LEVEL SECURITY".encode())
        found[policies] = {
            (name, path): _shape(client.get(path)) for path in paths for name, client in signed_in.items()
        }
    with psycopg.connect(plain_owner, autocommit=True) as owner:
        for (table,) in owner.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity").fetchall():
            owner.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY".encode())
    differing = {
        key: (found[True][key], found[False][key])
        for key in found[True]
        if found[True][key] != found[False][key] and key[1] not in moving
    }
    assert differing == {}
    assert [status for (status, _) in found[True].values() if status >= 500] == []
    assert [one["lead_id"] for one in ann.get("/api/leads").json()["items"]] == [sent.json()["lead_id"]]
    assert ben.get("/api/leads").json()["items"] == []
    assert ben.get(f"/api/leads/{sent.json()['lead_id']}").status_code == 404


def _shape(answer: httpx.Response) -> tuple[int, object]:
    """The status, and how much there is of everything: times and figures move meanwhile."""
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return answer.status_code, None
    body = answer.json()
    if isinstance(body, dict):
        return answer.status_code, {name: len(value) for name, value in body.items() if isinstance(value, list)}
    return answer.status_code, len(body)
