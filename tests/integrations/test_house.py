"""The house with its services: what settings make of them, what health and the doctor say."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from folkmoot.assembly.health import HealthDesk
from folkmoot.assembly.integrations import Integrations, integrations
from folkmoot.assembly.settings import Settings, WrongSettingError, load_settings
from folkmoot.home import Home
from folkmoot.storage import Database
from tests.integrations.hasty import PATIENT, HastyClock, authorized_user
from tests.integrations.servers.google import CALENDAR, FOLDER, CalendarServer, DriveServer
from tests.integrations.servers.hubspot import TOKEN, HubSpotServer
from tests.integrations.servers.sendgrid import KEY, SENDER, SendGridServer
from tests.integrations.servers.wire import Refuse

SERVICES = ("hubspot", "sendgrid", "google_calendar", "google_drive")


def settings_of(tmp_path: Path, **given: str) -> Settings:
    return load_settings({"FOLKMOOT_HOME": str(tmp_path), **given}, env_file=None)


@pytest.fixture
async def services(
    tmp_path: Path,
    hasty: HastyClock,
    hubspot_server: HubSpotServer,
    sendgrid_server: SendGridServer,
    calendar_server: CalendarServer,
    drive_server: DriveServer,
) -> AsyncIterator[Integrations]:
    """All four, by settings."""
    drive = {"credentials": authorized_user(drive_server.token_url), "folders": [{"id": "root", "scope": "marketing"}]}
    (tmp_path / "gdrive.json").write_text(json.dumps(drive))
    (tmp_path / "calendar.json").write_text(json.dumps(authorized_user(calendar_server.token_url)))
    settings = settings_of(
        tmp_path,
        CRM_API_KEY=TOKEN,
        CRM_URL=hubspot_server.url,
        EMAIL_API_KEY=KEY,
        EMAIL_SENDER=SENDER,
        EMAIL_URL=sendgrid_server.url,
        CALENDAR_ID=CALENDAR,
        CALENDAR_API_KEY=str(tmp_path / "calendar.json"),
        CALENDAR_URL=calendar_server.url,
        GDRIVE_CONFIG_PATH=str(tmp_path / "gdrive.json"),
        GDRIVE_URL=drive_server.url,
    )
    found = integrations(settings, hasty, rules=PATIENT)
    yield found
    await found.close()


def conditions(services: Integrations) -> dict[str, str]:
    return {name: one.status for name, one in services.health().items()}


async def test_nothing_configured_is_no_fault(tmp_path: Path, hasty: HastyClock) -> None:
    found = integrations(settings_of(tmp_path), hasty)
    assert conditions(found) == dict.fromkeys(SERVICES, "not_configured")
    assert found.health()["sendgrid"].detail == "set EMAIL_API_KEY and EMAIL_SENDER"
    await found.probe()
    assert not found.folders
    assert len(found.tools) == 9
    health = await HealthDesk(checks={}, clock=hasty, started_at=hasty.now(), integrations=found.health)()
    assert health.status == "ok"
    await found.close()


async def test_a_probe_asks_each_once_an_hour(
    services: Integrations, hubspot_server: HubSpotServer, drive_server: DriveServer, hasty: HastyClock
) -> None:
    await services.probe()
    assert conditions(services) == dict.fromkeys(SERVICES, "ok")
    asked = len(hubspot_server.asked)
    for _ in range(11):
        hasty.advance(timedelta(minutes=5))
        await services.probe()
    assert len(hubspot_server.asked) == asked
    hasty.advance(timedelta(minutes=5))
    await services.probe()
    assert len(hubspot_server.asked) == asked + 1
    assert drive_server.lines.count("GET /files/root") == 2


async def test_health_asks_nobody_and_says_what_was_seen_last(
    services: Integrations, hubspot_server: HubSpotServer, sendgrid_server: SendGridServer, hasty: HastyClock
) -> None:
    sendgrid_server.scopes = []
    hubspot_server.fail(Refuse(503, {"message": "we are sorry"}), times=9)
    await services.probe()
    await services.probe()
    asked = len(hubspot_server.asked)
    desk = HealthDesk(checks={}, clock=hasty, started_at=hasty.now(), integrations=services.health)
    health = await desk()
    assert health.status == "degraded"
    found = health.components["integrations"]
    assert isinstance(found, dict)
    assert {name: one.status for name, one in found.items()} == {
        "hubspot": "down",
        "sendgrid": "degraded",
        "google_calendar": "ok",
        "google_drive": "ok",
    }
    detail = found["hubspot"].detail
    assert detail is not None
    assert detail.startswith("breaker open; tried again in ")
    assert "last error 2026-01-05T09:00" in detail
    assert "HubSpot is failing (503: we are sorry)" in detail
    assert len(hubspot_server.asked) == asked

    hubspot_server._faults.clear()
    hasty.advance(timedelta(minutes=5))
    await services.probe()
    assert conditions(services)["hubspot"] == "ok"


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://a b", "http://127.0.0.1:99999", "http://\u2603.example.invalid"]
)
async def test_an_address_that_is_none_is_no_crash(url: str, tmp_path: Path, hasty: HastyClock) -> None:
    try:
        settings = settings_of(tmp_path, CRM_API_KEY=TOKEN, CRM_URL=url)
    except WrongSettingError:
        return
    found = integrations(settings, hasty, rules=PATIENT)
    await found.probe()
    assert found.health()["hubspot"].status == "degraded"
    await found.close()


@pytest.mark.parametrize(
    ("name", "value"), [("HTTPS_PROXY", "nonsense://x"), ("SSL_CERT_FILE", "/nowhere/certificates.pem")]
)
async def test_an_environment_that_cannot_be_used_is_no_crash(
    name: str, value: str, tmp_path: Path, hasty: HastyClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    found = integrations(settings_of(tmp_path, CRM_API_KEY=TOKEN, CRM_URL="https://crm.invalid"), hasty, rules=PATIENT)
    await found.probe()
    hubspot = found.health()["hubspot"]
    assert hubspot.status == "down"
    assert "that the environment names" in str(hubspot.detail)
    await found.close()


async def test_a_folder_that_is_not_shared_is_seen(services: Integrations, drive_server: DriveServer) -> None:
    drive_server.change("root", shown=False)
    await services.probe()
    found = services.health()["google_drive"]
    assert found.status == "degraded"
    assert "does not have this, or not for this key" in str(found.detail)


async def test_followed_folders_are_offered_with_their_readers(
    services: Integrations, drive_server: DriveServer
) -> None:
    drive_server.put("plan", parent="root", content="x")
    drive_server.put("sub", parent="root", kind=FOLDER)
    [share] = services.folders
    assert (share.folder_id, share.readers) == ("root", {"*": ("marketing",)})
    assert [one.id for one in (await share.folder.list()).files] == ["plan"]


@pytest.mark.parametrize(
    ("given", "service", "said"),
    [
        ({"CALENDAR_ID": "c", "CALENDAR_API_KEY": "/nowhere/key.json"}, "google_calendar", "cannot be read"),
        ({"CALENDAR_ID": "c", "CALENDAR_API_KEY": '{"type": "robot"}'}, "google_calendar", "of no known type"),
        ({"CRM_API_KEY": "pat-with\nanother-line"}, "hubspot", "characters that no key has"),
        ({"EMAIL_API_KEY": "SG.\u00fc", "EMAIL_SENDER": "a@b.example"}, "sendgrid", "characters that no key has"),
        ({"GDRIVE_CONFIG_PATH": "/nowhere/gdrive.json"}, "google_drive", "cannot be read"),
    ],
)
async def test_what_is_configured_wrongly_is_shown_and_stops_no_start(
    given: dict[str, str], service: str, said: str, tmp_path: Path, hasty: HastyClock
) -> None:
    found = integrations(settings_of(tmp_path, **given), hasty)
    assert found.health()[service].status == "down"
    assert said in str(found.health()[service].detail)
    await found.probe()
    await found.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRM_URL", "api.hubapi.com"),
        ("EMAIL_URL", "https://api.sendgrid.com/?key=x"),
        ("EMAIL_SENDER", "Acme <team@acme.example>"),
        ("CALENDAR_TIMEZONE", "Mars/Olympus"),
        ("CALENDAR_HOURS", "9-17"),
        ("CALENDAR_HOURS", "17:00-09:00"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSettingError, match=f"{name} is wrong"):
        settings_of(tmp_path, **{name: value})


async def test_the_doctor_looks_at_each(
    services: Integrations,  # noqa: ARG001  # writes the files and starts the servers
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hubspot_server: HubSpotServer,
    sendgrid_server: SendGridServer,
) -> None:
    from folkmoot.assembly.doctor import examine

    monkeypatch.chdir(tmp_path)
    environ: dict[str, Any] = {
        "FOLKMOOT_HOME": str(tmp_path / "home"),
        "API_PORT": "0",
        "MODEL": "offline",
        "CRM_API_KEY": "pat-wrong",
        "CRM_URL": hubspot_server.url,
        "EMAIL_API_KEY": KEY,
        "EMAIL_SENDER": SENDER,
        "EMAIL_URL": sendgrid_server.url,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = {one.part: one for one in await examine()}
    assert found["google calendar"].ok
    assert found["google calendar"].found == "not configured: set CALENDAR_API_KEY and CALENDAR_ID"
    assert found["sendgrid"].ok
    assert not found["hubspot"].ok
    assert "does not accept the key" in found["hubspot"].found
    assert "pat-wrong" not in found["hubspot"].found


async def test_a_withdrawn_file_is_not_found_any_more(
    services: Integrations, drive_server: DriveServer, tmp_path: Path, database: Database, hasty: HastyClock
) -> None:
    """From Google's answer to the search of an agent, through the rooms as the house joins them."""
    from folkmoot.assembly.documents import build_documents
    from folkmoot.events import EventLog
    from folkmoot.memory import KnowledgeIndex

    home = Home(tmp_path / "home")
    home.prepare()
    documents = build_documents(
        settings_of(tmp_path),
        home=home,
        database=database,
        clock=hasty,
        events=EventLog(database=database, clock=hasty),
        index=KnowledgeIndex(database=database),
        services=services,
    )
    drive_server.put("plan", parent="root", content="The zebra campaign starts in May.")
    drive_server.put("other", parent="root", content="Nothing of note.")
    [source] = await documents.follower.sources()
    await documents.follower.sync_all()
    assert (await documents.follower.state(source.source_id)).documents == 2
    drive_server.change("plan", shown=False)
    await documents.follower.sync_all()
    state = await documents.follower.state(source.source_id)
    assert (state.documents, state.error) == (1, None)
