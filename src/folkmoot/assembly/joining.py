"""How a program or a command reaches the workplace: over HTTP where a server runs, else by building it right here.

Either way it speaks to the same REST API, so there is one way to do each thing and one set of rules about who may.
`joined` does so in the caller's event loop; `Workplace` keeps one built in a thread of its own, for objects that live
as long as the program that made them.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, ClassVar

import httpx

from folkmoot.assembly.settings import Settings, load_settings
from folkmoot.home import Home, HomeBusyError, RunningServer
from folkmoot.kernel import Family, FolkmootError

STARTING_SECONDS = 30.0
CLOSING_SECONDS = 30.0


class JoinError(FolkmootError):
    """The workplace refused, or did not answer."""

    code: ClassVar[str] = "join_failed"
    family: ClassVar[Family] = Family.UNAVAILABLE


async def runs(settings: Settings) -> bool:
    """Whether a server is named, or runs in the home, or is just coming up there."""
    return bool(os.environ.get("FOLKMOOT_URL")) or await owner_of(Home(settings.home)) is not None


@asynccontextmanager
async def joined(
    *, url: str | None = None, token: str | None = None, settings: Settings | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, str | None]]:
    """A client of the workplace that is meant, and its URL if a server runs.

    That is `url` or FOLKMOOT_URL, else the home's running server, else one built here while the block runs. Raises
    `HomeBusyError` for a home whose owner does not serve, and what opening a workplace raises.
    """
    patience = httpx.Timeout(None, connect=10)
    url = url or os.environ.get("FOLKMOOT_URL")
    if url:
        headers = _bearer(token or os.environ.get("FOLKMOOT_TOKEN", ""))
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=patience, trust_env=False) as http:
            yield http, url
        return
    chosen = settings or load_settings()
    owner = await owner_of(Home(chosen.home))
    if owner is not None:
        if owner.pid == os.getpid() and owner.url is None:
            raise HomeBusyError(
                f"{chosen.home} is open in this program already, for its agents and senders, and one may have it at a "
                "time; let an agent ask (search_knowledge), close them first, or start a server in that home",
                home=str(chosen.home),
                pid=owner.pid,
            )
        if owner.url is None or owner.key is None:
            raise HomeBusyError(
                f"{chosen.home} is in use by process {owner.pid}, which is not serving yet; try again in a moment",
                home=str(chosen.home),
                pid=owner.pid,
            )
        # The server's certificate names its public host, not the loopback address that we use here.
        async with httpx.AsyncClient(
            base_url=owner.url,
            headers=_bearer(owner.key),
            timeout=patience,
            trust_env=False,
            verify=False,  # noqa: S501  # see above
        ) as http:
            yield http, owner.url
        return
    from folkmoot.assembly.workplace import open_workplace
    from folkmoot.telemetry import configure_logging

    # A command speaks by its result; what the workplace has to say meanwhile goes to LOG_FILE.
    configure_logging(level="ERROR", file=chosen.log_file, secrets=chosen.secrets)
    async with open_workplace(chosen) as workplace:
        transport = httpx.ASGITransport(app=workplace.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=_bearer(workplace.key), timeout=patience
        ) as http:
            yield http, None


class Workplace:
    """The workplace that is meant, joined from `open()` until `close()` or until the program's event loop ends.

    Its own loop runs in a thread: whatever the program's loop does, the workplace starts and stops in order.
    """

    def __init__(self, *, url: str | None = None, token: str | None = None, settings: Settings | None = None) -> None:
        self._meant: dict[str, Any] = {"url": url, "token": token, "settings": settings}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._http: httpx.AsyncClient | None = None
        self._stay: asyncio.Task[None] | None = None
        self._left = False
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Join; twice is once. Raises as `joined` does."""
        if self._thread is not None:
            return
        self._left = False
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._thread = threading.Thread(
            target=self._run, args=(ready, asyncio.get_running_loop()), name="folkmoot-workplace", daemon=True
        )
        self._thread.start()
        try:
            await ready
        except BaseException:
            self._stop()
            raise
        # `asyncio.run` cancels what is left when the program ends: that is when an unclosed workplace is closed.
        self._keeper = asyncio.create_task(self._until_the_end(), name="folkmoot-workplace")

    async def call(self, method: str, path: str, **request: Any) -> Any:
        """The JSON of an answer; `request` as `httpx.AsyncClient.request` takes it. Raises `JoinError`."""
        await self.open()
        loop, http = self._loop, self._http
        assert loop is not None
        assert http is not None
        try:
            answer = await asyncio.wrap_future(
                asyncio.run_coroutine_threadsafe(http.request(method, path, **request), loop)
            )
        except httpx.TransportError as error:
            raise JoinError(f"the workplace does not answer ({error}); is the server running?") from error
        if answer.is_success:
            return answer.json() if answer.content else None
        try:
            said = answer.json().get("detail") or answer.text
        except ValueError:
            said = answer.text
        raise JoinError(str(said), status=answer.status_code)

    async def close(self) -> None:
        """Leave; what was built here stops in order. Twice is once."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await asyncio.to_thread(self._stop)

    async def _until_the_end(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            if self._keeper is not None:
                self._stop()

    def _run(self, ready: "asyncio.Future[None]", caller: asyncio.AbstractEventLoop) -> None:
        def settle(error: BaseException | None) -> None:
            if ready.done():
                return
            if error is None:
                ready.set_result(None)
            else:
                ready.set_exception(error)

        async def stay() -> None:
            async with AsyncExitStack() as stack:
                try:
                    self._http, _ = await stack.enter_async_context(joined(**self._meant))
                except Exception as error:  # noqa: BLE001  # whoever waits for the workplace raises it
                    caller.call_soon_threadsafe(settle, error)
                    return
                caller.call_soon_threadsafe(settle, None)
                await asyncio.Event().wait()

        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._stay = self._loop.create_task(stay())
            if self._left:
                self._stay.cancel()
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._stay)

    def _stop(self) -> None:
        """Leave, from whatever thread, also while it is still being opened; waits until it has stopped in order."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._left = True
        if self._loop is not None and self._stay is not None and thread.is_alive():
            with suppress(RuntimeError):  # it has just ended by itself, as it does where nothing could be opened
                self._loop.call_soon_threadsafe(self._stay.cancel)
        thread.join(CLOSING_SECONDS)
        self._loop = self._http = self._stay = None


async def owner_of(home: Home) -> RunningServer | None:
    """Who owns the home; a server that is just starting gets some time to say where it listens."""
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline:
        owner = home.owner()
        if owner is None and not home.is_expected():
            return None
        if owner is not None and (owner.url is not None or owner.pid == os.getpid()):
            return owner
        await asyncio.sleep(0.1)
    return home.owner()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
