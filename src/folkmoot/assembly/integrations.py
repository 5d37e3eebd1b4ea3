"""Which services of others are used, by the settings: their clients, tools, health and followed folders.

Nothing here stops a start: what is not configured is left out, what is configured wrongly is shown by `/health` and
`folkmoot doctor`, and its tools are skipped with the reason.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

from folkmoot.assembly.setting_groups.integrations import IntegrationSettings, working_hours
from folkmoot.kernel import Clock
from folkmoot.telemetry import get_logger
from folkmoot.tools.integrations import (
    Connection,
    GoogleCalendar,
    GoogleDrive,
    HubSpot,
    IntegrationError,
    SendGrid,
    calendar_tools,
    crm_tools,
    mail_tools,
)
from folkmoot.tools.integrations.calls import Calls
from folkmoot.tools.integrations.drive_config import DriveConfig, read_drive_config
from folkmoot.tools.integrations.errors import ServiceRestingError
from folkmoot.tools.integrations.google_credentials import read_credentials
from folkmoot.tools.integrations.google_drive import DriveFolder
from folkmoot.tools.integrations.request import CallRules
from folkmoot.tools.integrations.slots import WorkingHours
from folkmoot.tools.specify import ToolSpec
from folkmoot.web import Component

PROBED_EVERY: Final = timedelta(hours=1)
LOOKED_EVERY: Final = timedelta(minutes=5)
_log = get_logger("folkmoot.integrations")

Client = TypeVar("Client")
Asked = TypeVar("Asked", bound="Probed")


@dataclass(frozen=True, kw_only=True)
class DriveShare:
    """A folder of Google Drive for the memory room to follow. `readers`: who may read a file there, and its scopes."""

    folder_id: str
    name: str
    readers: Mapping[str, Sequence[str]]
    folder: DriveFolder


class Probed(Protocol):
    """A client as health sees it."""

    @property
    def calls(self) -> Calls: ...

    async def probe(self) -> None:
        """Ask the least that shows whether it works. Raises `IntegrationError`s."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Watched:
    """A service as health and the probe see it; `absent` is how it is if there is no client."""

    calls: Calls | None = None
    probe: Callable[[], Awaitable[None]] | None = None
    absent: Component | None = None

    def component(self) -> Component:
        if self.calls is None:
            return self.absent or Component(status="not_configured")
        found = self.calls.standing.report()
        return Component(status=found.condition, detail=found.detail)


@dataclass(frozen=True, kw_only=True)
class Integrations:
    """Every service. `tools` are there whether or not their services are."""

    tools: tuple[ToolSpec, ...]
    folders: tuple[DriveShare, ...]
    watched: Mapping[str, _Watched]

    def health(self) -> dict[str, Component]:
        """How each service was when it was last asked; nothing is asked now."""
        return {name: one.component() for name, one in self.watched.items()}

    async def probe(self, *, every: timedelta = PROBED_EVERY) -> None:
        """Ask each service of which nothing good was heard for `every`, or nothing good last. Raises nothing."""
        await asyncio.gather(*(_probed(one, every) for one in self.watched.values()))

    async def close(self) -> None:
        """Close every connection."""
        for one in self.watched.values():
            if one.calls is not None:
                await one.calls.close()


async def _probed(one: _Watched, every: timedelta) -> None:
    if one.calls is None or one.probe is None or not one.calls.standing.due(every):
        return
    try:
        await one.probe()
    except ServiceRestingError:
        return  # it is being left alone
    except IntegrationError as error:
        one.calls.standing.failed(error)


def integrations(settings: IntegrationSettings, clock: Clock, *, rules: CallRules | None = None) -> Integrations:
    """Every service that the settings name; `rules` says how patient its client is."""
    crm = _connected("HubSpot", lambda: _hubspot(settings, clock, rules))
    mail = _connected("SendGrid", lambda: _sendgrid(settings, clock, rules))
    calendar = _connected("Google Calendar", lambda: _calendar(settings, clock, rules))
    drive, folders = _drive(settings, clock, rules)

    return Integrations(
        tools=(*crm_tools(crm), *mail_tools(mail, inbox=settings.email_inbox or ""), *calendar_tools(calendar)),
        folders=folders,
        watched={
            "hubspot": _watch(crm),
            "sendgrid": _watch(mail),
            "google_calendar": _watch(calendar),
            "google_drive": _watch(drive),
        },
    )


def _watch(connection: Connection[Asked]) -> _Watched:
    client = connection.client
    if client is not None:
        return _Watched(calls=client.calls, probe=client.probe)
    return _Watched(
        absent=Component(status="down" if connection.broken else "not_configured", detail=connection.why_not)
    )


def _connected(service: str, make: Callable[[], Client | str]) -> Connection[Client]:
    """The client that `make` gives, or why there is none: it answers what to set, or raises for what is wrong."""
    try:
        made = make()
    except IntegrationError as error:
        _log.warning("a service cannot be used as it is configured", service=service, error=error.message)
        return Connection(service=service, client=None, why_not=error.message, broken=True)
    if isinstance(made, str):
        return Connection(service=service, client=None, why_not=made)
    return Connection(service=service, client=made)


def _hubspot(settings: IntegrationSettings, clock: Clock, rules: CallRules | None) -> HubSpot | str:
    if settings.crm_api_key is None:
        return "set CRM_API_KEY"
    return HubSpot(token=settings.crm_api_key.get_secret_value(), clock=clock, url=settings.crm_url, rules=rules)


def _sendgrid(settings: IntegrationSettings, clock: Clock, rules: CallRules | None) -> SendGrid | str:
    if settings.email_api_key is None or settings.email_sender is None:
        wanted = {"EMAIL_API_KEY": settings.email_api_key, "EMAIL_SENDER": settings.email_sender}
        return f"set {' and '.join(name for name, value in wanted.items() if value is None)}"
    return SendGrid(
        key=settings.email_api_key.get_secret_value(),
        sender=settings.email_sender,
        sender_name=settings.email_sender_name,
        clock=clock,
        url=settings.email_url,
        rules=rules,
    )


def _calendar(settings: IntegrationSettings, clock: Clock, rules: CallRules | None) -> GoogleCalendar | str:
    if settings.calendar_api_key is None or settings.calendar_id is None:
        wanted = {"CALENDAR_API_KEY": settings.calendar_api_key, "CALENDAR_ID": settings.calendar_id}
        return f"set {' and '.join(name for name, value in wanted.items() if value is None)}"
    opens, closes = working_hours(settings.calendar_hours)
    return GoogleCalendar(
        calendar_id=settings.calendar_id,
        credentials=read_credentials(
            settings.calendar_api_key.get_secret_value(),
            subject=settings.calendar_subject,
            token_url=settings.google_token_url,
        ),
        hours=WorkingHours(opens=opens, closes=closes, zone=ZoneInfo(settings.calendar_timezone)),
        clock=clock,
        url=settings.calendar_url,
        rules=rules,
    )


def _drive(
    settings: IntegrationSettings, clock: Clock, rules: CallRules | None
) -> tuple[Connection[GoogleDrive], tuple[DriveShare, ...]]:
    config: DriveConfig | None = None

    def make() -> GoogleDrive | str:
        nonlocal config
        if settings.gdrive_config_path is None:
            return "set GDRIVE_CONFIG_PATH"
        config = read_drive_config(settings.gdrive_config_path, token_url=settings.google_token_url)
        return GoogleDrive(credentials=config.credentials, clock=clock, url=settings.gdrive_url, rules=rules)

    drive = _connected("Google Drive", make)
    if drive.client is None or config is None:
        return drive, ()
    client = drive.client
    return drive, tuple(
        DriveShare(folder_id=one.id, name=one.name, readers=one.readers, folder=client.folder(one.id))
        for one in config.folders
    )
