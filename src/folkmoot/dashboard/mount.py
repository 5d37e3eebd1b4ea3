"""Puts the pages on the application, below `/dashboard`.

NiceGUI keeps one application a process; it is mounted with our pages on it, each a closure over the rooms it shows.
Being mounted a second time, as tests do, replaces the pages of the first.
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import __version__ as nicegui_version
from nicegui import core, ui
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from folkmoot.dashboard.components.dom import ASSETS, ROOT, guard, path
from folkmoot.dashboard.components.notices import notice
from folkmoot.dashboard.frame import framed
from folkmoot.dashboard.headers import PageHeaders
from folkmoot.dashboard.pages import (
    agent,
    agents,
    chat,
    external,
    gallery,
    gallery_item,
    knowledge,
    lead,
    leads,
    message,
    messages,
    not_found,
    overview,
    people,
    task,
    tasks,
    tool_log,
    twin,
    twins,
    usage,
)
from folkmoot.dashboard.sign_in import SIGN_IN, add_sign_in, signed_in
from folkmoot.dashboard.sign_in_elsewhere import add_sign_in_elsewhere
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import Family, FolkmootError
from folkmoot.security import NotAllowedError
from folkmoot.telemetry import get_logger
from folkmoot.web import COOKIE, Doorkeeper, Parts
from folkmoot.web.rules import check

BUILD_SECONDS: Final = 15.0
RECONNECT_SECONDS: Final = 5.0
_FOLDER: Final = Path(__file__).parent / "assets"
_log = get_logger("folkmoot.dashboard")
Build = Callable[[Visit], Awaitable[None]]
# In the order in which they match; the last takes what nothing else is at.
PAGES: Final[tuple[tuple[str, str, Build], ...]] = (
    ("/", "Overview", overview.build),
    ("/chat", "Chat", chat.build),
    ("/chat/{conversation_id}", "Chat", chat.build),
    ("/gallery", "Gallery", gallery.build),
    ("/gallery/{gallery_id}", "Gallery", gallery_item.build),
    ("/agents", "Agents", agents.build),
    ("/agents/{agent_id}", "Agents", agent.build),
    ("/tasks", "Tasks", tasks.build),
    ("/tasks/{task_id}", "Tasks", task.build),
    ("/twins", "Twins", twins.build),
    ("/twins/{person}", "Twins", twin.build),
    ("/knowledge", "Knowledge", knowledge.build),
    ("/leads", "Leads", leads.build),
    ("/leads/{lead_id}", "Leads", lead.build),
    ("/messages", "Messages", messages.build),
    ("/messages/{message_id}", "Messages", message.build),
    ("/external", "External", external.build),
    ("/usage", "Usage", usage.build),
    ("/tools", "Tool log", tool_log.build),
    ("/people", "People", people.build),
    ("/{anything:path}", "", not_found.build),
)


def mount_dashboard(app: FastAPI, parts: Parts, doorkeeper: Doorkeeper) -> None:
    """Add the pages, the sign-in and their assets; last of all routes, before the application starts."""
    add_sign_in(app, doorkeeper, elsewhere=parts.oidc.options.name if parts.oidc else "")
    add_sign_in_elsewhere(app, parts.oidc)

    @app.get(ROOT, include_in_schema=False)
    async def without_slash() -> Response:
        return RedirectResponse(path())

    app.mount(ASSETS, _Assets(directory=_FOLDER), name="dashboard-assets")
    core.app.middleware_stack = None
    core.app.user_middleware.clear()
    for where, section, build in PAGES:
        _add_page(where, section, build, parts, doorkeeper)
    ui.run_with(
        app,
        title="Folkmoot",
        mount_path=ROOT,
        favicon=(_FOLDER / "favicon.svg").read_text(encoding="utf-8"),
        dark=False,
        language="en-US",
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_SECONDS,
        show_welcome_message=False,
    )
    # What else NiceGUI wraps around its pages logs an error whenever a browser leaves before a page is sent.
    core.app.user_middleware = [Middleware(GZipMiddleware)]
    app.add_middleware(PageHeaders, root=ROOT, kept=f"{ROOT}/_nicegui/{nicegui_version}/")


def _add_page(where: str, section: str, build: Build, parts: Parts, doorkeeper: Doorkeeper) -> None:
    async def page(request: Request) -> Response | None:
        principal = await signed_in(request, doorkeeper)
        if principal is None:
            wanted = request.url.path
            return RedirectResponse(str(request.url.replace(path=SIGN_IN, query="").include_query_params(next=wanted)))
        visit = Visit(
            request=request,
            parts=parts,
            doorkeeper=doorkeeper,
            token=request.cookies.get(COOKIE),
            principal=principal,
            rule=rule_of(where),
            seen=await parts.events.latest_id(),
        )
        guard(visit.may_stay)
        with framed(visit, section):
            await _build_safely(build, visit)
        return None

    ui.page(where, response_timeout=BUILD_SECONDS)(page)


def rule_of(where: str) -> str:
    """The key of a page's rule: its path without the converters of parameters."""
    return "PAGE " + re.sub(r":\w+}", "}", where)


async def _build_safely(build: Build, visit: Visit) -> None:
    """Build the page; a fault is said in its place, within the frame."""
    try:
        check(visit.principal, visit.rule)
        await visit.meet()
        await build(visit)
    except NotAllowedError as error:
        ui.context.client.status_code = 403
        notice("This page is not for your role.", error.message, colour="amber", sign="shield")
    except FolkmootError as error:
        ui.context.slot.parent.clear()
        if error.family is Family.NOT_FOUND:
            not_found.show(error.message)
            return
        _log.warning("a page cannot be shown", path=visit.request.url.path, code=error.code, error=error.message)
        notice("This page cannot be shown just now.", error.message, colour="red", sign="alert")
    except Exception as error:  # noqa: BLE001  # whatever it is: logged, and said without its inner words
        ui.context.slot.parent.clear()
        ui.context.client.status_code = 500
        _log.error("a page failed", path=visit.request.url.path, exc_info=error)
        notice("This is a fault of the server.", "Its log has the details.", colour="red", sign="alert")


class _Assets(StaticFiles):
    """Our own files: kept by the browser, but asked about each time, since their names stay the same."""

    def file_response(self, *arguments: object, **more: object) -> Response:
        response = super().file_response(*arguments, **more)  # type: ignore[arg-type]  # passed on as they came
        response.headers["Cache-Control"] = "no-cache"
        return response
