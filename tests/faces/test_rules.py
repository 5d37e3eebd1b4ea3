"""The table of rules is whole: every route, mount and page has its line, and every line its route."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import Mount

from folkmoot.api.app import routes_alone
from folkmoot.dashboard.mount import PAGES, mount_dashboard, rule_of
from folkmoot.security import NotAllowedError, NotSignedInError, Principal
from folkmoot.web import Doorkeeper, Parts
from folkmoot.web.principal import Guard, within_rules
from folkmoot.web.problems import install
from folkmoot.web.rules import RULES, Access, check, may

NOT_OF_ROUTES = {"PAGE-ACT"}


class KnownTokens(Doorkeeper):
    """`viewer`, `member` and `admin` are tokens; `member:tasks:read` is a key with a scope."""

    def __init__(self) -> None:
        self.open_house = False

    async def recognise(self, token: str | None) -> Principal:
        role, _, scope = (token or "").partition(":")
        if role not in {"viewer", "member", "admin"}:
            raise NotSignedInError("not known")
        scopes = frozenset({scope}) if scope else None
        return Principal(user_id=role, name=role, role=role, scopes=scopes)  # type: ignore[arg-type]  # checked above


def keys_of(app: FastAPI) -> Iterator[str]:
    for one in iter_route_contexts(app.routes):
        if isinstance(one.original_route, Mount):
            yield f"MOUNT {one.path}"
        elif one.methods is None:
            yield f"WS {one.path_format}"
        else:
            # HEAD comes with GET where the framework itself adds a route.
            yield from (f"{method} {one.path_format}" for method in one.methods - {"HEAD"})


def whole() -> FastAPI:
    app = routes_alone()
    mount_dashboard(app, parts=Parts.__new__(Parts), doorkeeper=KnownTokens())
    return app


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    routes = set(keys_of(whole())) | {rule_of(where) for where, _, _ in PAGES}
    assert routes - RULES.keys() == set(), "without a rule these answer 403: add their lines to web/rules.py"
    assert RULES.keys() - routes - NOT_OF_ROUTES == set(), "rules of routes that are gone"


def test_what_only_reads_is_open_to_viewers_and_what_changes_something_is_not() -> None:
    for key, rule in RULES.items():
        subject = rule.subject.rpartition(":")[2]
        if subject == "write" and rule.subject != "account:write":  # one's own account is everybody's
            assert rule.access >= Access.MEMBER, key
        if rule.access > Access.OPEN and key.startswith(("GET /api", "WS")) and key != "WS /ws/{user_id}":  # a room
            assert subject == "read", f"{key}: name what a key needs, such as tasks:read"


def test_a_route_without_a_rule_answers_403_to_everybody() -> None:
    app = FastAPI(dependencies=[Depends(within_rules)])
    install(app)
    app.add_middleware(Guard, doorkeeper=KnownTokens())
    router = APIRouter(prefix="/api/forgotten")

    @router.get("/{thing}")
    async def forgotten(thing: str) -> str:
        return thing

    app.include_router(router)
    client = TestClient(app)
    assert client.get("/api/forgotten/x").status_code == 401
    answer = client.get("/api/forgotten/x", headers={"Authorization": "Bearer admin"})
    assert answer.status_code == 403
    assert "no rule" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("role", "scopes", "key", "allowed"),
    [
        ("viewer", None, "GET /api/tasks", True),
        ("viewer", None, "POST /api/tasks", False),
        ("member", None, "POST /api/tasks", True),
        ("member", None, "POST /api/initialize", False),
        ("admin", None, "POST /api/initialize", True),
        ("admin", {"tasks:read"}, "GET /api/tasks", True),
        ("admin", {"tasks:read"}, "POST /api/tasks", False),
        ("admin", {"tasks:*"}, "POST /api/tasks", True),
        ("admin", {"*"}, "POST /api/tasks", True),
        ("viewer", {"tasks:*"}, "POST /api/tasks", False),  # a key can do no more than its user
        ("admin", None, "GET /api/nobody-made-this", False),
    ],
)
def test_role_and_scope_must_both_permit(role: str, scopes: set[str] | None, key: str, allowed: bool) -> None:
    who = Principal(
        user_id="u",
        name="Somebody",
        role=role,  # type: ignore[arg-type]  # the table above holds roles alone
        scopes=None if scopes is None else frozenset(scopes),
    )
    assert may(who, key) is allowed
    if not allowed:
        with pytest.raises(NotAllowedError):
            check(who, key)
