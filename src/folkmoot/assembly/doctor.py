"""`folkmoot doctor`: looks at each part from outside and says what to do."""

import asyncio
import shutil
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from folkmoot.assembly.models import model_hub
from folkmoot.assembly.settings import Settings, load_settings
from folkmoot.assembly.speech import speech_desk
from folkmoot.home import Home
from folkmoot.kernel import FolkmootError, SystemClock
from folkmoot.storage import Database

LOW_DISK_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one part was found, and what to do about it if it is not well."""

    part: str
    ok: bool
    found: str
    remedy: str = ""

    def as_json(self) -> dict[str, object]:
        """All fields."""
        return asdict(self)


async def examine() -> list[Finding]:
    """Check settings, home, disk, database, port, team, model, voice; a fault in one does not hide the others."""
    python = ".".join(map(str, sys.version_info[:3]))
    findings = [
        Finding(part="python", ok=sys.version_info >= (3, 11), found=python, remedy="install Python 3.11 or newer")
    ]
    try:
        settings = load_settings()
    except FolkmootError as error:
        return [*findings, Finding(part="settings", ok=False, found=error.message, remedy="mend the variable")]
    findings.append(Finding(part="settings", ok=True, found="read"))
    checks: list[tuple[str, Callable[[Settings], Awaitable[Finding]], str]] = [
        ("home", _home, "name a folder that you may write with FOLKMOOT_HOME"),
        ("disk", _disk, "free some space"),
        ("database", _database, "start PostgreSQL, or mend DATABASE_URL; without it SQLite is used"),
        ("redis", _redis, "start Redis, or mend REDIS_URL; without it messages stay in one process"),
        ("port", _port, "choose another with API_PORT"),
        ("team", _team, "mend the line that is named"),
        ("model", _model, "start the model's server, or set MODEL=offline"),
        ("voice", _voice, "mend VOICE_BASE_URL"),
    ]
    for part, check, remedy in checks:
        try:
            findings.append(await check(settings))
        except FolkmootError as error:
            findings.append(Finding(part=part, ok=False, found=error.message, remedy=remedy))
    return [*findings, *await _services(settings)]


async def _services(settings: Settings) -> list[Finding]:
    """Each service of others, asked once for the least that shows whether it works."""
    from folkmoot.assembly.integrations import integrations

    services = integrations(settings, SystemClock())
    try:
        await services.probe()
        found = services.health()
    finally:
        await services.close()
    return [
        Finding(
            part=name.replace("_", " "),
            ok=one.status in {"ok", "not_configured"},
            found=f"{one.status.replace('_', ' ')}: {one.detail or ''}",
            remedy="mend its settings, or look whether the service is up; see docs/how-to/integrations.md",
        )
        for name, one in found.items()
    ]


async def _home(settings: Settings) -> Finding:
    home = Home(settings.home)
    owner = home.owner()
    if owner is not None:
        return Finding(part="home", ok=True, found=f"{settings.home}, served by process {owner.pid} at {owner.url}")
    home.prepare()
    return Finding(part="home", ok=True, found=f"{settings.home}, free to use")


async def _voice(settings: Settings) -> Finding:
    """What is set alone: a server of speech is asked when somebody speaks."""
    speech = speech_desk(settings)
    both = (("speech in", speech.transcribing), ("speech out", speech.speaking))
    found = "; ".join(f"{name}: {state.model or state.missing}" for name, state in both)
    if all(state.model is None for _, state in both):
        found = "not configured: set VOICE_BASE_URL, and VOICE_TRANSCRIBE_MODEL or VOICE_SPEAK_MODEL"
    return Finding(part="voice", ok=True, found=found)


async def _disk(settings: Settings) -> Finding:
    try:
        free = shutil.disk_usage(settings.home).free
    except OSError:
        return Finding(part="disk", ok=True, found="not looked at, as there is no home")
    return Finding(
        part="disk", ok=free > LOW_DISK_BYTES, found=f"{free // 1024 // 1024:,} MiB free", remedy="free some space"
    )


async def _database(settings: Settings) -> Finding:
    if settings.database_url is None:
        return Finding(part="database", ok=True, found="SQLite in the home")
    database = Database(settings.database_url.get_secret_value())
    try:
        await database.ping()
        passes = await database.passes_policies()
    finally:
        await database.close()
    found = database.url.render_as_string(hide_password=True)
    if passes:
        found += " (its role is a superuser or has BYPASSRLS, which no row policy holds: give the server one without)"
    return Finding(part="database", ok=True, found=found)


async def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        return Finding(part="redis", ok=True, found="not used: messages stay in one process")
    from folkmoot.assembly.mail import redis_place
    from folkmoot.link import Link

    link = Link(redis_place(settings), repeats=0)
    try:
        await link.ping()
    finally:
        await link.close()
    return Finding(part="redis", ok=True, found=str(link.place))


async def _port(settings: Settings) -> Finding:
    def free() -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.api_host, settings.api_port))
            except OSError:
                return False
            return True

    ours = Home(settings.home).owner() is not None
    found = await asyncio.to_thread(free)
    return Finding(
        part="port",
        ok=found or ours,
        found=f"{settings.api_port} is " + ("free" if found else "served by this home" if ours else "taken"),
        remedy="choose another with API_PORT, or stop what listens there",
    )


async def _team(settings: Settings) -> Finding:
    from folkmoot.agents import load_workplace

    file = settings.workplace_file or settings.agent_config_file
    if file is None:
        return Finding(part="team", ok=True, found="none named; `acme` comes up with /api/initialize")
    team = await asyncio.to_thread(load_workplace, file.expanduser())
    return Finding(part="team", ok=True, found=f"{file}: {len(team.agents)} agents")


async def _model(settings: Settings) -> Finding:
    handle = await model_hub(settings, SystemClock()).resolve(None)
    said = "answers by quoting what the agents know" if handle.offline else "a language model"
    return Finding(part="model", ok=True, found=f"{handle.name}: {said}")
