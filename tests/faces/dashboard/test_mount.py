"""How the pages join an application: beside other routes, behind strict headers, again and again in one process."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

from folkmoot.dashboard import mount_dashboard
from folkmoot.security import NotSignedInError, Principal
from folkmoot.web import COOKIE, Doorkeeper, Parts


class OneToken(Doorkeeper):
    """Knows one token; the pages behind it are not built here."""

    def __init__(self) -> None:
        self.open_house = False

    async def recognise(self, token: str | None) -> Principal:
        if token != "the-token":
            raise NotSignedInError("not known")
        return Principal(user_id="admin", name="admin", role="admin")


def with_pages() -> FastAPI:
    app = FastAPI(redirect_slashes=False)

    @app.get("/api/thing")
    async def thing() -> str:
        return "there"

    mount_dashboard(app, parts=Parts.__new__(Parts), doorkeeper=OneToken())
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
    client = TestClient(with_pages(), base_url="https://testserver", follow_redirects=False)
    refused = client.post("/dashboard/sign-in", data={"token": "another", "next": "/dashboard/tasks"})
    assert refused.status_code == 401
    assert COOKIE not in refused.cookies
    answer = client.post("/dashboard/sign-in", data={"token": " the-token ", "next": "//elsewhere.example"})
    assert answer.headers["location"] == "/dashboard/"
    cookie = answer.headers["set-cookie"]
    for word in (f"{COOKIE}=the-token", "HttpOnly", "SameSite=strict", "Secure", "Path=/dashboard"):
        assert word in cookie
    gone = client.post("/dashboard/sign-out")
    assert gone.headers["location"] == "/dashboard/sign-in?signed-out"
    assert "Max-Age=0" in gone.headers["set-cookie"]
