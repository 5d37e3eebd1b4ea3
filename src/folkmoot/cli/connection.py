"""How a command reaches the workplace: over HTTP where a server runs, else by building it in this process.

Either way the command speaks to the same REST API through one `Caller`, so there is one way to do each thing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, TypeVar

import httpx

from folkmoot.kernel import Family, FolkmootError

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
    from folkmoot.assembly.joining import joined

    async with joined() as (http, url):
        yield Caller(http, url=url)


def with_workplace(act: Callable[[Caller], Awaitable[T]]) -> T:
    """Run `act` against the workplace and return its result."""

    async def run() -> T:
        async with connected() as caller:
            return await act(caller)

    return asyncio.run(run())
