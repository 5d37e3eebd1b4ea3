"""Run the workplace as a server: one process, one home, one port."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Iterator
from typing import ClassVar

from folkmoot.assembly import heap
from folkmoot.assembly.settings import Settings, WrongSettingError
from folkmoot.assembly.signals import run_until_signal
from folkmoot.assembly.workplace import OpenWorkplace, open_workplace
from folkmoot.kernel import Family, FolkmootError
from folkmoot.telemetry import configure_logging, get_logger
from folkmoot.web.ending import Ending

GRACE_SECONDS = 3


class PortTakenError(FolkmootError):
    """Somebody else listens there."""

    code: ClassVar[str] = "port_taken"
    family: ClassVar[Family] = Family.CONFLICT


def run_server(settings: Settings, *, new_token: bool = False) -> None:
    """Serve until a signal; prints the address and, when it is new, the administrator's token."""
    configure_logging(
        level="DEBUG" if settings.debug else settings.log_level, file=settings.log_file, secrets=settings.secrets
    )
    run_until_signal(_serve(settings, new_token=new_token))


async def _serve(settings: Settings, *, new_token: bool) -> None:
    with listening(settings) as bound:
        async with open_workplace(settings, pages=True, new_token=new_token) as workplace:
            url = url_of(settings, bound)
            print(f"Folkmoot is at {url} (dashboard: {url}/dashboard, API: {url}/docs)", flush=True)  # noqa: T201  # what a person at the terminal looks for
            if workplace.new_admin_token is not None:
                print(f"administrator's token, shown once: {workplace.new_admin_token}", flush=True)  # noqa: T201  # see above
            await serve_on(bound, settings, workplace)


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """A bound socket; raises `PortTakenError`, or `WrongSettingError`, before anything is started."""
    _check_certificate(settings)
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:  # named: else small writes wait
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            socket.getaddrinfo(settings.api_host, settings.api_port, family)
        except OSError as error:
            raise WrongSettingError(
                f"API_HOST is wrong: '{settings.api_host}' is no address here; for example API_HOST=127.0.0.1",
                variable="API_HOST",
            ) from error
        try:
            bound.bind((settings.api_host, settings.api_port))
            bound.listen(socket.SOMAXCONN)
        except (OSError, OverflowError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            raise PortTakenError(
                f"cannot listen on {settings.api_host}:{settings.api_port} ({reason}); stop what listens there, "
                "or choose another port with --port or API_PORT (0 takes a free one)",
                host=settings.api_host,
                port=settings.api_port,
            ) from error
        yield bound


def url_of(settings: Settings, bound: socket.socket) -> str:
    """The base URL under which this machine reaches the server."""
    host = settings.api_host
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # compared, not bound
        host = "127.0.0.1"
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{bound.getsockname()[1]}"


def _check_certificate(settings: Settings) -> None:
    if settings.tls_cert is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:
        raise WrongSettingError(
            f"TLS_CERT {settings.tls_cert} and TLS_KEY {settings.tls_key} are no certificate and its key ({error}); "
            "both are PEM files",
            variable="TLS_CERT",
        ) from error


async def serve_on(bound: socket.socket, settings: Settings, workplace: OpenWorkplace) -> None:
    """Answer requests on a bound socket until it is cancelled; open requests get some seconds to finish first."""
    import uvicorn

    config = uvicorn.Config(
        Ending(workplace.app),
        log_config=None,
        access_log=settings.debug,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws_max_size=2 * 1024 * 1024,
        server_header=False,
    )
    server = uvicorn.Server(config)
    # It would end the process by the signal itself, before the parts below it are stopped: see `run_until_signal`.
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]  # see above
    workplace.announce(url_of(settings, bound))
    get_logger("folkmoot.server").info("serving", url=url_of(settings, bound))
    settling = asyncio.create_task(heap.keep(), name="heap")
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
    finally:
        settling.cancel()
