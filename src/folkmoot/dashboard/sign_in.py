"""The sign-in page and signing out: plain HTML without scripts, so that it works before anything else does.

The administrator's token travels in the body of a form and is kept in a cookie that scripts cannot read and other
sites cannot send.
"""

from html import escape
from string import Template
from typing import Annotated, Final

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from nicegui import __version__ as nicegui_version

from folkmoot.dashboard.components.dom import ASSETS, ROOT
from folkmoot.security import NotSignedInError, Principal
from folkmoot.web import COOKIE, Doorkeeper

SIGN_IN: Final = f"{ROOT}/sign-in"
SIGN_OUT: Final = f"{ROOT}/sign-out"
KEPT_SECONDS: Final = 30 * 86400
_SHEETS: Final = (
    f"{ROOT}/_nicegui/{nicegui_version}/static/fonts.css",
    *(f"{ASSETS}/{name}" for name in ("tokens.css", "layout.css", "parts.css")),
)
_PAGE: Final = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in · Folkmoot</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="$assets/favicon.svg" type="image/svg+xml">$sheets
<script src="$assets/folkmoot.js"></script>
<style>
.door { min-height: 100dvh; display: grid; place-items: center; padding: 24px; }
.door form { width: min(400px, 100%); display: grid; gap: 20px; padding: 32px; }
.door .brand { font-size: 20px; margin-bottom: 4px; }
.door .brand img { width: 36px; height: 36px; }
</style></head><body>
<main class="door"><form class="card" method="post" action="$action">
<div class="stack close"><div class="brand"><img src="$assets/favicon.svg" alt="">Folkmoot</div>
<h1>Sign in</h1>
<p class="muted">With the administrator’s token, as it was shown at the first start.</p></div>
$fault
<div class="field"><label for="token">Token</label>
<input class="input mono" id="token" name="token" type="password" autocomplete="current-password" required autofocus
 placeholder="fm_…" spellcheck="false" $invalid>
<span class="hint" id="hint">Lost it? <code>folkmoot serve --new-token</code> makes another.</span></div>
<input type="hidden" name="next" value="$next">
<button class="btn primary full" type="submit">Sign in</button>
</form></main></body></html>""")


def add_sign_in(app: FastAPI, doorkeeper: Doorkeeper) -> None:
    """The routes for coming in and going out."""

    @app.get(SIGN_IN, include_in_schema=False)
    async def sign_in_page(request: Request) -> Response:
        wanted = safe_next(request.query_params.get("next"))
        if await signed_in(request, doorkeeper):
            return RedirectResponse(wanted, status_code=303)
        return _page(wanted)

    @app.post(SIGN_IN, include_in_schema=False)
    async def sign_in(
        request: Request,
        token: Annotated[str, Form(max_length=1000)] = "",
        next: Annotated[str, Form()] = "",  # noqa: A002  # the field's name
    ) -> Response:
        wanted = safe_next(next)
        try:
            await doorkeeper.recognise(token.strip())
        except NotSignedInError:
            fault = "This token is not known. Mind that it is complete." if token.strip() else "Give the token."
            return _page(wanted, fault=fault)
        answer = RedirectResponse(wanted, status_code=303)
        answer.set_cookie(
            COOKIE,
            token.strip(),
            max_age=KEPT_SECONDS,
            path=ROOT,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    @app.post(SIGN_OUT, include_in_schema=False)
    async def sign_out() -> Response:
        answer = RedirectResponse(f"{SIGN_IN}?signed-out", status_code=303)
        answer.delete_cookie(COOKIE, path=ROOT, httponly=True, samesite="strict")
        return answer


async def signed_in(request: Request, doorkeeper: Doorkeeper) -> Principal | None:
    """Whose the request's cookie is."""
    try:
        return await doorkeeper.recognise(request.cookies.get(COOKIE))
    except NotSignedInError:
        return None


def safe_next(wanted: str | None) -> str:
    """Where to go after signing in: a page of the dashboard and nowhere else."""
    if not wanted or not (wanted == ROOT or wanted.startswith(f"{ROOT}/")):
        return f"{ROOT}/"
    if wanted.startswith((SIGN_IN, SIGN_OUT)) or "\\" in wanted or not wanted.isprintable():
        return f"{ROOT}/"
    return wanted


def _page(wanted: str, *, fault: str = "") -> HTMLResponse:
    said = f'<p class="notice red" role="alert" id="fault">{escape(fault)}</p>' if fault else ""
    sheets = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in _SHEETS)
    html = _PAGE.substitute(
        assets=ASSETS,
        sheets=sheets,
        action=SIGN_IN,
        fault=said,
        next=escape(wanted, quote=True),
        invalid='aria-invalid="true" aria-describedby="fault hint"' if fault else 'aria-describedby="hint"',
    )
    return HTMLResponse(html, status_code=401 if fault else 200)
