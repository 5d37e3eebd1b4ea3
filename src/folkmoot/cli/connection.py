"""How a command reaches the workplace: over HTTP where a server runs, else by building it in this process.

Either way the command speaks to the same REST API through one `Caller`, so there is one way to do each thing.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, TypeVar

import httpx

from folkmoot.kernel import Family, FolkmootError
from folkmoot.storage import Home, HomeBusyError, RunningServer

STARTING_SECONDS = 30.0

T = TypeVar("T")


class RefusedError(FolkmootError):
    """The workplace answered with a problem."""

    code: ClassVar[str] = "refused"
    family: ClassVar[Family] = Family.INVALID


class UnreachableError(FolkmootError):
    """There is no server where one was named."""

    code: ClassVar[str] = "unreachable"
    family: ClassVar[Family] = Family.UNAVAILABLE


class Caller:
    """The REST API of one workplace. Problems become `RefusedError` with the server's own words."""

    def __init__(self, http: httpx.AsyncClient, *, url: str | None) -> None:
        self._http = http
        self.url = url

    async def call(self, method: str, path: str, **request: Any) -> Any:
        """The JSON of the answer; `request` as `httpx.AsyncClient.request` takes it."""
        try:
            answer = await self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise UnreachableError(
                f"{self.url or 'the workplace'} does not answer ({error}); is the server running?"
            ) from error
        if answer.is_success:
            return answer.json() if answer.content else None
        try:
            body = answer.json()
            said = body.get("detail") or body.get("title") or answer.text
        except ValueError:
            said, body = answer.text, {}
        raise RefusedError(str(said), status=answer.status_code, problem=body)


@asynccontextmanager
async def connected() -> AsyncIterator[Caller]:
    """The workplace that the environment means: FOLKMOOT_URL, else the home's running server, else one of our own."""
    from folkmoot.assembly import load_settings
    from folkmoot.assembly.workplace import open_workplace
    from folkmoot.telemetry import configure_logging

    patience = httpx.Timeout(None, connect=10)
    url = os.environ.get("FOLKMOOT_URL")
    if url:
        token = os.environ.get("FOLKMOOT_TOKEN", "")
        async with httpx.AsyncClient(base_url=url, headers=_bearer(token), timeout=patience, trust_env=False) as http:
            yield Caller(http, url=url)
        return
    settings = load_settings()
    owner = await _owner(Home(settings.home))
    if owner is not None:
        if owner.url is None or owner.key is None:
            raise HomeBusyError(
                f"{settings.home} is in use by process {owner.pid}, which is not serving yet; try again in a moment",
                home=str(settings.home),
                pid=owner.pid,
            )
        headers = _bearer(owner.key)
        # The server's certificate names its public host, not the loopback address that we use here.
        async with httpx.AsyncClient(
            base_url=owner.url,
            headers=headers,
            timeout=patience,
            trust_env=False,
            verify=False,  # noqa: S501  # see above
        ) as http:
            yield Caller(http, url=owner.url)
        return
    # A command speaks by its result; what the workplace has to say meanwhile goes to LOG_FILE.
    configure_logging(level="ERROR", file=settings.log_file)
    async with open_workplace(settings) as workplace:
        transport = httpx.ASGITransport(app=workplace.app)
        headers = _bearer(workplace.key)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers, timeout=patience
        ) as http:
            yield Caller(http, url=None)


async def _owner(home: Home) -> RunningServer | None:
    """Who owns the home; a server that is just starting gets some time to say where it listens."""
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline:
        owner = home.owner()
        if (owner is not None and owner.url is not None) or (owner is None and not home.is_expected()):
            return owner
        await asyncio.sleep(0.1)
    return home.owner()


def with_workplace(act: Callable[[Caller], Awaitable[T]]) -> T:
    """Run `act` against the workplace and return its result."""

    async def run() -> T:
        async with connected() as caller:
            return await act(caller)

    return asyncio.run(run())


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
