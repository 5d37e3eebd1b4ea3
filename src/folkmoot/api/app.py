"""The application: routers in the order in which they match, middleware, and the documentation page.

Fixed paths come before paths with parameters; pages are mounted last, by the assembly.
"""

from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from folkmoot.api import agents, board, consents, invoke, live, messages, system, tasks, twins
from folkmoot.version import __version__
from folkmoot.web import BodyLimit, Doorkeeper, Idempotency, IdempotencyStore, Measuring, Parts
from folkmoot.web.origins import OwnOrigins
from folkmoot.web.principal import Guard, within_rules
from folkmoot.web.problems import Problem, install

DESCRIPTION = """A self-hosted workplace for agents.

Every route but the open ones wants `Authorization: Bearer <token>`.

Errors are `application/problem+json`; lists come in pages (`limit`, `cursor`); a POST may bear an `Idempotency-Key`."""


def build_api(parts: Parts, *, doorkeeper: Doorkeeper, repeats: IdempotencyStore, origins: list[str]) -> FastAPI:
    """The API over these rooms."""
    app = routes_alone()
    app.state.parts = parts
    app.state.doorkeeper = doorkeeper
    app.add_middleware(Idempotency, store=repeats, clock=parts.clock)
    app.add_middleware(BodyLimit)
    # Over the two: no body is read, and no earlier answer repeated, for somebody who is not signed in.
    app.add_middleware(Guard, doorkeeper=doorkeeper)
    if doorkeeper.open_house:
        # Without a token, somebody else's page could call us, under its own name or one that resolves to this machine.
        app.add_middleware(OwnOrigins, allowed=origins)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "::1", "[::1]"])
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
        )
    app.add_middleware(Measuring, metrics=parts.metrics)
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
        tasks.router,
        messages.router,
        agents.router,
        invoke.router,
        consents.router,
        twins.router,
        board.router,
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
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Folkmoot API",
            swagger_js_url="/docs-assets/swagger-ui-bundle.js",
            swagger_css_url="/docs-assets/swagger-ui.css",
            swagger_favicon_url="/docs-assets/favicon.png",
        )


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
        return app.openapi_schema or {}

    app.openapi = with_problems  # type: ignore[method-assign]  # the documented way to extend the document
