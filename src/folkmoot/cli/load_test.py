"""`folkmoot load-test`: many users talk to a server for a while, and a report says how it did."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Self

import typer

from folkmoot.cli.output import AsJson, as_json, fields
from folkmoot.kernel import FolkmootError, excerpt

_INTERRUPTED: Final = 130
_SHUT: Final = ("not_signed_in", "not_your_room")  # said after the door was opened, so that a browser hears it
_LONGEST_MESSAGE: Final = 10_000


def load_test(
    clients: Annotated[int, typer.Option(min=1, max=20_000, help="Users at a time, each with a socket.")] = 10,
    duration: Annotated[float, typer.Option(min=0.1, max=86_400, help="Seconds to send for.")] = 30.0,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Messages a second due for all together; else see --pause.")
    ] = None,
    pause: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds between an answer and a user's next message.")
    ] = 0.2,
    url: Annotated[str | None, typer.Option(help="The server; else FOLKMOOT_URL, else the home's own.")] = None,
    agent: Annotated[str | None, typer.Option(help="Who is to answer; else the router picks.")] = None,
    message: Annotated[list[str] | None, typer.Option(help="What is said; can be repeated.")] = None,
    messages: Annotated[Path | None, typer.Option(help="A file with a message on each line.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds to wait for an answer.")] = 60.0,
    report: Annotated[Path | None, typer.Option(help="Folder of the report; else load-test-TIME here.")] = None,
    json: AsJson = False,
) -> None:
    """Have many users talk to a server, and say how many were answered and how fast; Ctrl-C ends it early."""
    from folkmoot.cli.load import Plan, page_of, report_of

    said = _messages(message, messages)
    folder = report or Path(time.strftime("load-test-%Y%m%d-%H%M%S"))
    where, token, verify = asyncio.run(_server(url))
    chosen: dict[str, Any] = {"messages": said} if said else {}
    plan = Plan(
        url=where, token=token, verify=verify, clients=clients, duration=duration, rate=rate, pause=pause, agent=agent,
        timeout=timeout, **chosen,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)  # before the work: a folder that cannot be written is known at once
    started_at = datetime.now(UTC)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        record, interrupted = runner.run(_driven(plan))
    kind, why = next(((one, record.samples[one]) for one in _SHUT if one in record.samples), ("", ""))
    if not record.connected and not interrupted:
        kind, why = next(iter(record.samples.items()))
    if kind and not record.received:
        raise FolkmootError(f"no client came in at {plan.url}: {kind.replace('_', ' ')}: {why}; {_remedy(kind)}")
    found = report_of(plan, record, started_at=started_at, interrupted=interrupted)
    (folder / "report.html").write_text(page_of(found, record), encoding="utf-8")
    with (folder / "report.json").open("w", encoding="utf-8") as file:
        file.write(_written(found.as_json()))
    if json:
        as_json(found.as_json() | {"saved_in": str(folder)})
    else:
        _show(found.as_json(), folder)
    if interrupted:
        raise typer.Exit(_INTERRUPTED)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster loop, where the server's own dependencies have brought it: figures are to be the server's."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


async def _driven(plan: Any) -> tuple[Any, bool]:
    from folkmoot.cli.load import drive

    stop, interrupted = asyncio.Event(), False
    loop = asyncio.get_running_loop()

    def end() -> None:
        nonlocal interrupted
        interrupted = True
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)  # a second one ends it at once

    loop.add_signal_handler(signal.SIGINT, end)
    with _Line(plan) as line:
        return await drive(plan, stop=stop, watch=line.tell), interrupted


class _Line:
    """The line in the terminal that says how it goes."""

    def __init__(self, plan: Any) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = (BarColumn(bar_width=20), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._bar = self._bars.add_task("connecting", total=plan.duration)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def tell(self, record: Any, now: float) -> None:
        speed = record.received / max(now, 1e-3)
        recent = sorted(record.latency[-500:])
        p95 = f"{recent[int(len(recent) * 0.95)] * 1000:,.0f} ms" if recent else "-"
        text = f"sent {record.sent:,}  received {record.received:,}  errors {record.errors.total():,}"
        self._bars.update(self._bar, completed=now, description=f"{text}  {speed:,.1f}/s  p95 {p95}")


async def _server(url: str | None) -> tuple[str, str, bool]:
    """The address, a token, and whether its certificate is to be believed only for that name."""
    from folkmoot.assembly.joining import owner_of
    from folkmoot.assembly.settings import load_settings
    from folkmoot.cli.connection import UnreachableError
    from folkmoot.home import Home

    token = os.environ.get("FOLKMOOT_TOKEN", "")
    named = url or os.environ.get("FOLKMOOT_URL")
    if named:
        if not named.startswith(("http://", "https://")):
            raise UnreachableError(f"'{named}' is no address of a server; for example http://127.0.0.1:8000")
        return named, token, True
    home = load_settings().home
    owner = await owner_of(Home(home))
    if owner is None or owner.url is None:
        raise UnreachableError(f"no server runs in {home}; start one with `folkmoot serve`, or name one with --url")
    return owner.url, token or owner.key or "", False


def _messages(given: list[str] | None, file: Path | None) -> tuple[str, ...]:
    lines = list(given or ())
    if file is not None:
        try:
            lines += file.expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise FolkmootError(f"{file} cannot be read ({error}); it is a text file with a message a line") from error
    said = tuple(line.strip() for line in lines if line.strip())
    if (given or file) and not said:
        raise FolkmootError("there is no message to send: every line given is empty")
    if long := next((one for one in said if len(one) > _LONGEST_MESSAGE), None):
        raise FolkmootError(f"a message has at most {_LONGEST_MESSAGE} characters, and '{excerpt(long, 40)}' has more")
    return said


def _remedy(kind: str) -> str:
    remedies = {
        "http_401": "set FOLKMOOT_TOKEN to an administrator's token or key",
        "http_404": "is this a Folkmoot server?",
        "not_your_room": "each client is a user of its own, for whom an administrator's token alone may speak",
        "not_signed_in": "set FOLKMOOT_TOKEN to an administrator's token or key",
    }
    return remedies.get(kind, "is the server running?")


def _show(told: dict[str, Any], folder: Path) -> None:
    pairs: list[tuple[str, object]] = [
        ("clients", told["clients_connected"]),
        ("sent", told["sent"]),
        ("received", told["received"]),
        ("success rate", f"{told['success_rate']:.2%}"),
        ("messages/s", f"{told['messages_per_second']:,.1f}"),
        ("errors", f"{told['errors']}" + _kinds(told["errors_by_kind"])),
    ]
    for title, values in (("", told["latency_ms"]), ("first words: ", told["first_token_ms"])):
        names = ("median", "p95", "p99") if title else ("average", "median", "p95", "p99", "max")
        pairs += [(f"{title}{name}", f"{values[name]:,.1f} ms") for name in names if values]
    if told["unsent"]:
        pairs.append(("due, not sent", told["unsent"]))
    early = ", ended early" if told["interrupted"] else ""
    fields(f"{told['plan']['url']}, {told['elapsed_seconds']:,.1f} s{early}", pairs)
    typer.echo(f"\nsaved: {folder / 'report.html'} and report.json beside it")


def _kinds(errors: dict[str, int]) -> str:
    return f" ({', '.join(f'{number} {kind}' for kind, number in errors.items())})" if errors else ""


def _written(told: dict[str, Any]) -> str:
    import json

    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
