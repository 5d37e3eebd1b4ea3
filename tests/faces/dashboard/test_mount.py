"""How the pages join an application: beside other routes, behind strict headers, again and again in one process."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from folkmoot.dashboard import mount_dashboard
from folkmoot.security import NotSignedInError, Principal
from folkmoot.security.credentials import Issued
from folkmoot.security.model import administrator
from folkmoot.web import COOKIE, Doorkeeper, Parts


class OneToken(Doorkeeper):
    """Knows one token, for which it gives one cookie; the pages behind it are not built here."""

    def __init__(self) -> None:
        self.open_house = False
        self.signed_out: list[str | None] = []

    async def recognise_page(self, cookie: str | None) -> Principal:
        if cookie != "the-cookie":
            raise NotSignedInError("not known")
        return administrator()

    async def sign_in(self, *, name: str, password: str, token: str, address: str) -> Issued:
        if token != "the-token" and (name, password) != ("zoe", "her password"):
            raise NotSignedInError(f"not known at {address}")
        return Issued(
            user_id="admin",
            session_id="s",
            access_token="a",
            refresh_token="r",
            page_token="the-cookie",
            expires_in=timedelta(minutes=15),
            refresh_expires_in=timedelta(days=30),
        )

    async def sign_out(self, cookie: str | None, *, address: str) -> None:  # noqa: ARG002  # the doorkeeper's signature
        self.signed_out.append(cookie)


def with_pages(doorkeeper: Doorkeeper | None = None) -> FastAPI:
    app = FastAPI(redirect_slashes=False)

    @app.get("/api/thing")
    async def thing() -> str:
        return "there"

    mount_dashboard(app, parts=Parts.__new__(Parts), doorkeeper=doorkeeper or OneToken())
    return app


def test_pages_can_be_mounted_more_than_once_and_leave_other_routes_alone() -> None:
    for _ in range(2):
        with TestClient(with_pages(), follow_redirects=False) as client:
            assert client.get("/api/thing").json() == "there"
            assert "content-security-policy" not in client.get("/api/thing").headers
            assert client.get("/api/nothing").headers["content-type"] == "application/json"
            assert client.get("/dashboard").headers["location"] == "/dashboard/"
            answer = client.get("/dashboard/tasks/task_1")
            assert answer.status_code == 307
            assert answer.headers["location"].endswith("/dashboard/sign-in?next=%2Fdashboard%2Ftasks%2Ftask_1")


def test_pages_load_nothing_from_elsewhere_and_are_shown_in_no_frame() -> None:
    headers = TestClient(with_pages()).get("/dashboard/sign-in").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites() -> None:
    doorkeeper = OneToken()
    client = TestClient(with_pages(doorkeeper), base_url="https://testserver", follow_redirects=False)
    refused = client.post("/dashboard/sign-in", data={"token": "another", "next": "/dashboard/tasks"})
    assert refused.status_code == 401
    assert COOKIE not in refused.cookies
    answer = client.post("/dashboard/sign-in", data={"token": " the-token ", "next": "//elsewhere.example"})
    assert answer.headers["location"] == "/dashboard/"
    cookie = answer.headers["set-cookie"]
    for word in (f"{COOKIE}=the-cookie", "HttpOnly", "SameSite=strict", "Secure", "Path=/dashboard"):
        assert word in cookie
    gone = client.post("/dashboard/sign-out")
    assert gone.headers["location"] == "/dashboard/sign-in?signed-out"
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert doorkeeper.signed_out == ["the-cookie"]


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "https://testserver"}, True),
        ({"origin": "https://elsewhere.example"}, False),
        ({"origin": "null"}, False),
    ],
)
def test_a_form_of_another_site_signs_nobody_in_or_out(headers: dict[str, str], taken: bool) -> None:
    doorkeeper = OneToken()
    client = TestClient(with_pages(doorkeeper), base_url="https://testserver", follow_redirects=False)
    data = {"name": "zoe", "password": "her password"}
    answer = client.post("/dashboard/sign-in", data=data, headers=headers)
    assert (answer.status_code == 303, COOKIE in answer.cookies) == (taken, taken)
    assert client.post("/dashboard/sign-out", headers=headers).status_code == (303 if taken else 403)
    assert bool(doorkeeper.signed_out) is taken


def test_what_is_typed_is_never_shown_again() -> None:
    data = {"name": "<b>zoe</b>", "password": "my very secret", "token": "", "next": '"><script>'}
    page = TestClient(with_pages()).post("/dashboard/sign-in", data=data)
    assert page.status_code == 401
    for text in ("my very secret", "<b>", '"><script>'):
        assert text not in page.text
