"""The application: routers in the order in which they match, middleware, and the documentation page.

Fixed paths come before paths with parameters; pages are mounted last, by the assembly.
"""

from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import Depends, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from folkmoot.api import (
    agents,
    approvals,
    audit,
    auth,
    board,
    chat,
    chat_stream,
    consents,
    conversations,
    external,
    gallery,
    invoke,
    keys,
    knowledge,
    knowledge_search,
    leads,
    live,
    logs,
    mail,
    messages,
    models,
    rooms,
    shared_memory,
    silence,
    studio,
    system,
    tasks,
    tools,
    twins,
    usage,
    user_files,
    users,
    voice,
)
from folkmoot.version import __version__
from folkmoot.web import Doorkeeper, IdempotencyStore, Parts
from folkmoot.web.headers import policy_of_page
from folkmoot.web.principal import within_rules
from folkmoot.web.problems import Problem, documented, install
from folkmoot.web.rules import OPEN, RULES
from folkmoot.web.walls import Walls, raise_walls

DESCRIPTION = """A self-hosted workplace for agents.

Every route but the open ones wants `Authorization: Bearer <token>`.

Errors are `application/problem+json`; lists come in pages (`limit`, `cursor`); a POST may bear an `Idempotency-Key`."""


def build_api(parts: Parts, *, doorkeeper: Doorkeeper, repeats: IdempotencyStore, walls: Walls) -> FastAPI:
    """The API over these rooms, within these walls."""
    app = routes_alone()
    app.state.parts = parts
    app.state.doorkeeper = doorkeeper
    raise_walls(
        app,
        walls,
        doorkeeper=doorkeeper,
        repeats=repeats,
        clock=parts.clock,
        metrics=parts.metrics,
        tracing=parts.tracing,
    )
    return app


def routes_alone() -> FastAPI:
    """The routes without rooms behind them: what the OpenAPI document is made from."""
    app = FastAPI(
        title="Folkmoot",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(within_rules)],
    )
    install(app)
    for router in (
        system.open_router,
        system.router,
        auth.router,
        users.router,
        keys.router,
        audit.router,
        tasks.router,
        mail.router,
        messages.router,
        agents.router,
        silence.router,
        invoke.router,
        chat.router,
        chat_stream.router,
        rooms.router,
        gallery.router,
        studio.router,
        conversations.older_router,
        conversations.router,
        leads.router,
        consents.router,
        twins.router,
        board.router,
        usage.router,
        models.router,
        knowledge_search.router,
        knowledge.router,
        shared_memory.router,
        logs.router,
        approvals.router,
        tools.router,
        external.router,
        user_files.router,
        voice.router,
        live.router,
    ):
        app.include_router(router)
    _add_docs(app)
    _document_problems(app)
    return app


def _add_docs(app: FastAPI) -> None:
    assets = Path(fastapi_offline.__file__).parent / "static"
    app.mount("/docs-assets", StaticFiles(directory=assets), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Folkmoot API",
            swagger_js_url="/docs-assets/swagger-ui-bundle.js",
            swagger_css_url="/docs-assets/swagger-ui.css",
            swagger_favicon_url="/docs-assets/favicon.png",
        )
        page.headers["Content-Security-Policy"] = policy_of_page(bytes(page.body).decode())
        return page


def _document_rules(document: dict[str, Any]) -> None:
    """Say of each route that is not open what a key needs for it, and that it may answer 403; of each, 429."""
    for path, ways in document["paths"].items():
        for method, operation in ways.items():
            operation["responses"].setdefault("429", documented(429)[429])
            if path.startswith("/v1/"):  # there, what is invalid is a bad request
                operation["responses"].pop("422", None)
            rule = RULES.get(f"{method.upper()} {path}")
            if rule is None or rule.access is OPEN:
                continue
            operation["responses"].setdefault("403", documented(403)[403])
            needs = f"Needs the role {rule.access.name.lower()}; a key needs the scope `{rule.subject}`."
            operation["description"] = f"{operation.get('description', '')}\n\n{needs}".strip()


def _document_problems(app: FastAPI) -> None:
    """Put `Problem` into the document's schemas, and in place of FastAPI's own form of a validation error."""
    original = app.openapi

    def with_problems() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = original()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            whole = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(whole.pop("$defs", {}))
            schemas["Problem"] = whole
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            _document_rules(document)
        return app.openapi_schema or {}

    app.openapi = with_problems  # type: ignore[method-assign]  # the documented way to extend the document
