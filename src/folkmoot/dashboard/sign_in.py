"""The sign-in page and signing out: plain HTML without scripts, so that it works before anything else does.

Name and password, or a token, travel in the body of a form and are exchanged for a sign-in that the server can end; its
token is kept in a cookie that scripts cannot read and other sites cannot send. Forms that other sites send are refused.
"""

from html import escape
from http import HTTPStatus
from string import Template
from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from nicegui import __version__ as nicegui_version

from folkmoot.dashboard.components.dom import ASSETS, ROOT
from folkmoot.kernel import Family, FolkmootError
from folkmoot.security import NotSignedInError, Principal
from folkmoot.web import COOKIE, Doorkeeper
from folkmoot.web.principal import address_of
from folkmoot.web.problems import STATUS, problem

SIGN_IN: Final = f"{ROOT}/sign-in"
SIGN_OUT: Final = f"{ROOT}/sign-out"
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
.door .or { display: flex; align-items: center; gap: 12px; color: var(--ink-3); font-size: var(--t-s); }
.door .or::before, .door .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
</style></head><body>
<main class="door"><form class="card" method="post" action="$action">
<div class="stack close"><div class="brand"><img src="$assets/favicon.svg" alt="">Folkmoot</div>
<h1>Sign in</h1></div>
$fault
<div class="field"><label for="name">Name</label>
<input class="input" id="name" name="name" type="text" autocomplete="username" maxlength="200" autofocus
 autocapitalize="none" spellcheck="false" $invalid></div>
<div class="field"><label for="password">Password</label>
<input class="input" id="password" name="password" type="password" autocomplete="current-password" maxlength="200"
 $invalid></div>
<div class="or">or</div>
<div class="field"><label for="token">Token</label>
<input class="input mono" id="token" name="token" type="password" autocomplete="off" maxlength="1000"
 placeholder="fm_…" spellcheck="false" $invalid aria-describedby="hint">
<span class="hint" id="hint">An API key, or the administrator’s token of the first start. Lost that?
 <code>folkmoot serve --new-token</code> makes another.</span></div>
<input type="hidden" name="next" value="$next">
<button class="btn primary full" type="submit">Sign in</button>
$elsewhere
</form></main></body></html>""")


def add_sign_in(app: FastAPI, doorkeeper: Doorkeeper, *, elsewhere: str = "") -> None:
    """The routes for coming in and going out. `elsewhere` names a provider whose accounts may come in too."""

    @app.get(SIGN_IN, include_in_schema=False)
    async def sign_in_page(request: Request) -> Response:
        wanted = safe_next(request.query_params.get("next"))
        if await signed_in(request, doorkeeper) is not None:
            return RedirectResponse(wanted, status_code=303)
        return _page(wanted, elsewhere=elsewhere)

    @app.post(SIGN_IN, include_in_schema=False)
    async def sign_in(
        request: Request,
        name: Annotated[str, Form(max_length=400)] = "",
        password: Annotated[str, Form(max_length=400)] = "",
        token: Annotated[str, Form(max_length=1000)] = "",
        next: Annotated[str, Form()] = "",  # noqa: A002  # the field's name
    ) -> Response:
        if (refusal := _foreign(request)) is not None:
            return refusal
        wanted, token = safe_next(next), token.strip()
        try:
            issued = await doorkeeper.sign_in(name=name, password=password, token=token, address=address_of(request))
        except FolkmootError as error:
            return refused(error, wanted, by_token=bool(token), empty=not (token or name.strip() or password))
        answer = RedirectResponse(wanted, status_code=303)
        answer.set_cookie(
            COOKIE,
            issued.page_token,
            max_age=int(issued.refresh_expires_in.total_seconds()),
            path=ROOT,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    @app.post(SIGN_OUT, include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        if (refusal := _foreign(request)) is not None:
            return refusal
        await doorkeeper.sign_out(request.cookies.get(COOKIE), address=address_of(request))
        answer = RedirectResponse(f"{SIGN_IN}?signed-out", status_code=303)
        answer.delete_cookie(COOKIE, path=ROOT, httponly=True, samesite="strict")
        return answer


async def signed_in(request: Request, doorkeeper: Doorkeeper) -> Principal | None:
    """Whose the request's cookie is."""
    try:
        return await doorkeeper.recognise_page(request.cookies.get(COOKIE))
    except NotSignedInError:
        return None


def refused(error: FolkmootError, wanted: str, *, by_token: bool = False, empty: bool = False) -> Response:
    """The page again, with what was wrong."""
    if error.family not in {Family.UNAUTHENTICATED, Family.LIMITED, Family.UNAVAILABLE}:
        raise error
    fault = error.message[0].upper() + error.message[1:] + "."
    if empty:
        fault = "Give name and password, or a token."
    elif by_token and error.family is Family.UNAUTHENTICATED:
        fault = "This token is not known. Mind that it is complete."
    return _page(wanted, fault=fault, status=STATUS[error.family])


def _foreign(request: Request) -> Response | None:
    """The refusal of a form that a page of another site sent: it would sign somebody in, or out, unasked."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    said = "this form was sent by a page of another site; open the sign-in page itself"
    return None if own else problem(HTTPStatus.FORBIDDEN, "foreign_origin", said)


def safe_next(wanted: str | None) -> str:
    """Where to go after signing in: a page of the dashboard and nowhere else."""
    if not wanted or not (wanted == ROOT or wanted.startswith(f"{ROOT}/")):
        return f"{ROOT}/"
    if wanted.startswith((SIGN_IN, SIGN_OUT)) or "\\" in wanted or not wanted.isprintable():
        return f"{ROOT}/"
    return wanted


def _page(wanted: str, *, fault: str = "", status: int = HTTPStatus.OK, elsewhere: str = "") -> HTMLResponse:
    said = f'<p class="notice red" role="alert" id="fault">{escape(fault)}</p>' if fault else ""
    sheets = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in _SHEETS)
    html = _PAGE.substitute(
        assets=ASSETS,
        sheets=sheets,
        action=SIGN_IN,
        fault=said,
        next=escape(wanted, quote=True),
        invalid='aria-invalid="true"' if fault else "",
        elsewhere=_elsewhere(elsewhere, wanted) if elsewhere else "",
    )
    return HTMLResponse(html, status_code=status)


def _elsewhere(name: str, wanted: str) -> str:
    where = escape(f"{SIGN_IN}/oidc?{urlencode({'next': wanted})}", quote=True)
    return f'<div class="or">or</div><a class="btn full" href="{where}">Sign in with {escape(name)}</a>'
