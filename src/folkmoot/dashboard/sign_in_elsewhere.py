"""Signing in with a provider's account: the way there, and the way back.

What a sign-in has to be recognised by travels in a cookie of the browser that began it, for some minutes. The way back
ends on a page of ours that leads on by itself: a cookie for our own pages alone is not sent along on a way that another
site began.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from html import escape
from typing import Annotated, Final

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from folkmoot.dashboard.components.dom import ROOT
from folkmoot.dashboard.sign_in import SIGN_IN, refused, safe_next
from folkmoot.kernel import FolkmootError
from folkmoot.security.oidc import Attempt, OidcSignIn
from folkmoot.security.oidc.model import LASTS
from folkmoot.web import COOKIE
from folkmoot.web.principal import address_of
from folkmoot.web.problems import problem

ELSEWHERE: Final = f"{SIGN_IN}/oidc"
BACK: Final = f"{ELSEWHERE}/callback"
_COOKIE: Final = "folkmoot_oidc"
_LONGEST: Final = 4000


def add_sign_in_elsewhere(app: FastAPI, oidc: OidcSignIn | None) -> None:
    """The two routes; without a provider they say that there is none."""

    @app.get(ELSEWHERE, include_in_schema=False)
    async def leave(request: Request, next: str = "") -> Response:  # noqa: A002  # the query's name
        if oidc is None:
            return _none()
        try:
            url, attempt = await oidc.begin(redirect_uri=_back(request, oidc))
        except FolkmootError as error:
            return refused(error, safe_next(next))
        answer = RedirectResponse(url, status_code=303)
        _keep(answer, request, attempt, safe_next(next))
        return answer

    @app.get(BACK, include_in_schema=False)
    async def come_back(
        request: Request,
        state: Annotated[str, Query(max_length=_LONGEST)] = "",
        code: Annotated[str, Query(max_length=_LONGEST)] = "",
        error: Annotated[str, Query(max_length=_LONGEST)] = "",
    ) -> Response:
        if oidc is None:
            return _none()
        attempt, wanted = _kept(request)
        try:
            issued = await oidc.finish(
                attempt,
                state=state,
                code=code,
                error=error,
                redirect_uri=_back(request, oidc),
                address=address_of(request),
            )
        except FolkmootError as fault:
            answer = refused(fault, wanted)
        else:
            answer = _leading_on(wanted)
            answer.set_cookie(
                COOKIE,
                issued.page_token,
                max_age=int(issued.refresh_expires_in.total_seconds()),
                path=ROOT,
                httponly=True,
                samesite="strict",
                secure=request.url.scheme == "https",
            )
        answer.delete_cookie(_COOKIE, path=ELSEWHERE, httponly=True, samesite="lax")
        return answer


def _back(request: Request, oidc: OidcSignIn) -> str:
    return oidc.options.redirect_url or str(request.url.replace(path=BACK, query="", fragment=""))


def _keep(answer: Response, request: Request, attempt: Attempt, wanted: str) -> None:
    held = {"state": attempt.state, "nonce": attempt.nonce, "verifier": attempt.verifier, "next": wanted}
    answer.set_cookie(
        _COOKIE,
        urlsafe_b64encode(json.dumps(held).encode()).decode(),
        max_age=int(LASTS.total_seconds()),
        path=ELSEWHERE,
        httponly=True,
        samesite="lax",  # it has to come along on the way back from the provider
        secure=request.url.scheme == "https",
    )


def _kept(request: Request) -> tuple[Attempt | None, str]:
    try:
        held = json.loads(urlsafe_b64decode(request.cookies.get(_COOKIE, "")))
        attempt = Attempt(state=str(held["state"]), nonce=str(held["nonce"]), verifier=str(held["verifier"]))
        return attempt, safe_next(str(held["next"]))
    except (ValueError, KeyError, TypeError):
        return None, safe_next(None)


def _leading_on(wanted: str) -> Response:
    where = escape(wanted, quote=True)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signed in · Folkmoot</title>'
        f'<meta http-equiv="refresh" content="0;url={where}"></head>'
        f'<body><p>You are signed in. <a href="{where}">Go on</a></p></body></html>'
    )


def _none() -> Response:
    return problem(404, "not_found", "this workplace has no other provider to sign in with; OIDC_ISSUER sets one")
