"""Every answer says what a browser may do with it."""

import re

import httpx
import pytest
from starlette.responses import HTMLResponse, PlainTextResponse

from folkmoot.web.headers import NOTHING, SecurityHeaders, policy_of_page


@pytest.mark.parametrize(("scheme", "transport"), [("http", None), ("https", "max-age=31536000")])
async def test_data_allows_nothing_and_https_stays_https(scheme: str, transport: str | None) -> None:
    app = httpx.ASGITransport(app=SecurityHeaders(PlainTextResponse("data")))
    async with httpx.AsyncClient(transport=app, base_url=f"{scheme}://here") as caller:
        headers = (await caller.get("/")).headers
    assert headers["content-security-policy"] == NOTHING
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers.get("strict-transport-security") == transport


async def test_a_page_s_own_policy_is_left() -> None:
    page = HTMLResponse("<p>", headers={"Content-Security-Policy": "default-src 'self'"})
    app = httpx.ASGITransport(app=SecurityHeaders(page))
    async with httpx.AsyncClient(transport=app, base_url="http://here") as caller:
        answer = await caller.get("/")
    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]


def test_a_page_s_policy_knows_the_scripts_of_that_page_alone() -> None:
    policy = policy_of_page("<script>a()</script><script src='/x.js'></script>")
    # printf 'a()' | openssl dgst -sha256 -binary | base64
    assert "'sha256-" in policy
    assert policy_of_page("<script>b()</script>") != policy
    assert "unsafe-inline" not in re.search(r"script-src[^;]*", policy).group()  # type: ignore[union-attr]  # it is there
