"""Documents by REST and by command: handed over, listed, searched as an agent sees them, deleted."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.reading import files
from tests.serving import Served, folkmoot


@pytest.fixture
def scope(api: httpx.Client, request: pytest.FixtureRequest) -> Iterator[str]:
    """A scope of this test's own, empty again afterwards."""
    name = f"test-{abs(hash(request.node.name)) % 10**9}"
    yield name
    for one in api.get("/api/knowledge", params={"scope": name, "limit": 500}).json()["items"]:
        api.delete(f"/api/knowledge/{one['document_id']}").raise_for_status()


def upload(api: httpx.Client, scope: str, name: str, content: bytes | str, **query: Any) -> httpx.Response:
    body = content if isinstance(content, bytes) else content.encode()
    return api.post("/api/knowledge", params=query, data={"scope": scope}, files={"file": (name, body)})


def test_a_file_and_a_text_are_kept_and_found(api: httpx.Client, scope: str) -> None:
    kept = upload(api, scope, "Übersicht 表.pdf", files.pdf("Soap costs three euro.", title="Prices"))
    assert kept.status_code == 201
    document = kept.json()
    assert (document["name"], document["title"], document["status"]) == ("Übersicht 表.pdf", "Prices", "ready")
    assert document["media_type"] == "application/pdf"
    text = {"title": "Opening hours", "text": "# Hours\n\nOpen on Monday.", "scope": scope}
    assert api.post("/api/knowledge", json=text).json()["chunks"] == 1
    page = api.get("/api/knowledge", params={"scope": scope}).json()
    assert ([one["name"] for one in page["items"]], page["total"]) == (["Opening hours", "Übersicht 表.pdf"], 2)
    one = document["document_id"]
    assert api.get(f"/api/knowledge/{one}").json() == document
    chunks = api.get(f"/api/knowledge/{one}/chunks").json()
    assert [(chunk["page"], chunk["text"]) for chunk in chunks["items"]] == [(1, "Soap costs three euro.")]
    found = api.post("/api/knowledge/search", json={"query": "soap", "filters": {"scope": scope}}).json()
    assert [(hit["source"], hit["scope"], hit["document_id"]) for hit in found["results"]] == [
        ("Übersicht 表.pdf", scope, one)
    ]
    sizes = {size["scope"]: size["documents"] for size in api.get("/api/knowledge/scopes").json()["items"]}
    assert sizes[scope] == 2
    assert sizes["executive"] >= 0  # a role's scope is told though it is empty
    assert api.delete(f"/api/knowledge/{one}").json() == {"document_id": one, "chunks": 1}
    assert api.get(f"/api/knowledge/{one}").status_code == 404


def test_a_role_finds_its_own_scopes_alone(api: httpx.Client) -> None:
    ids = [
        upload(api, scope, "secret-plans.md", f"# Plans\n\nThe zwieback of {scope}.").json()["document_id"]
        for scope in ("seo", "executive")
    ]
    seen = api.post("/api/knowledge/search", json={"query": "zwieback", "role": "SEO"}).json()
    assert {one["scope"] for one in seen["results"]} == {"seo"}
    nobody = api.post("/api/knowledge/search", json={"query": "zwieback", "role": "astronaut"}).json()
    assert nobody["results"] == []
    assert "astronaut" in nobody["notice"]
    for one in ids:
        api.delete(f"/api/knowledge/{one}").raise_for_status()


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("a.pdf", b"%PDF-1.7 nothing", 422, "document_broken"),
        ("a.pdf", files.pdf(""), 422, "document_without_text"),
        ("a.docx", files.entity_bomb(), 422, None),
        ("a.docx", files.zip_bomb(), 422, "document_refused"),
        ("a.txt", b"", 422, "document_empty"),
        ("a.png", b"\x89PNG\r\n\x1a\n", 422, "document_kind_unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    api: httpx.Client, scope: str, name: str, content: bytes, status: int, code: str | None
) -> None:
    refusal = upload(api, scope, name, content, wait=60)
    assert refusal.status_code == status, refusal.text
    problem = refusal.json()
    assert code is None or problem["type"] == f"/problems/{code}"
    assert name in problem["detail"]
    assert api.get("/api/knowledge", params={"scope": scope}).json()["total"] == 0


def test_what_is_wrong_with_a_request_is_named(api: httpx.Client, scope: str) -> None:
    assert upload(api, "Not A Scope", "a.md", "# A").json()["errors"][0]["field"] == "body.scope"
    assert upload(api, "twin:zoe", "a.md", "# A").status_code == 422
    missing = api.post("/api/knowledge", data={"scope": scope}, files={"other": ("a.md", b"# A")})
    assert missing.status_code == 422
    no_file = api.post("/api/knowledge", json={"title": "x", "scope": scope})
    assert no_file.json()["errors"] == [{"field": "body.text", "message": "Field required"}]
    assert api.post("/api/knowledge", content=b"no json", headers={"Content-Type": "text/plain"}).status_code == 422
    assert api.post("/api/knowledge/sources/none/sync").status_code == 404
    assert api.get("/api/knowledge/sources").json() == {"items": [], "total": 0}


def test_a_large_file_is_read_in_the_background(api: httpx.Client, scope: str) -> None:
    text = "\n\n".join(f"Paragraph {number} is about matter {number % 97}." for number in range(20_000))
    kept = upload(api, scope, "large.txt", text, wait=0).json()
    assert kept["status"] == "reading"
    deadline = time.monotonic() + 90
    while (now := api.get(f"/api/knowledge/{kept['document_id']}").json())["status"] == "reading":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (now["status"], now["error"]) == ("ready", None)
    assert now["chunks"] > 500


@pytest.mark.slow
def test_documents_by_command(server: Served, scope: str, tmp_path: Path) -> None:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "docs" / "hours.md").write_text("# Hours\n\nOpen on Monday.")
    (tmp_path / "docs" / "deep" / "soap.txt").write_text("Soap is cheap.")
    (tmp_path / "docs" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")

    def run(*arguments: str) -> Any:
        done = folkmoot("knowledge", *arguments, "--json", home=server.home)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    added = run("add", str(tmp_path / "docs"), "--scope", scope)
    assert {(one["name"], one["status"]) for one in added} == {
        ("hours.md", "ready"),
        ("deep - soap.txt", "ready"),
        ("broken.pdf", "failed"),
    }
    assert run("search", "monday", "--scope", scope)["results"][0]["source"] == "hours.md"
    assert len(run("rm", "hours.md", "--scope", scope)) == 1
    assert [one["name"] for one in run("ls", "--scope", scope)] == ["deep - soap.txt"]
