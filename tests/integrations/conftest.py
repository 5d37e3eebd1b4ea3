"""Running services of our own, and clients of them."""

from collections.abc import AsyncIterator
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from folkmoot.tools.integrations import GoogleCalendar, GoogleDrive, HubSpot, SendGrid
from folkmoot.tools.integrations.google_credentials import GoogleCredentials, credentials_of
from folkmoot.tools.integrations.slots import WorkingHours
from tests.integrations.hasty import PATIENT, HastyClock, authorized_user
from tests.integrations.servers import google
from tests.integrations.servers.google import CalendarServer, DriveServer
from tests.integrations.servers.hubspot import TOKEN, HubSpotServer
from tests.integrations.servers.sendgrid import KEY, SENDER, SendGridServer
from tests.integrations.servers.wire import running


@pytest.fixture
def hasty() -> HastyClock:
    """Monday 2026-01-05 09:00 UTC, and no sleep lasts."""
    return HastyClock()


@pytest.fixture(scope="session")
def robot_keys() -> tuple[str, str]:
    """Private and public key of the service account, made for this run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture
async def hubspot_server() -> AsyncIterator[HubSpotServer]:
    server = HubSpotServer()
    async with running(server):
        yield server


@pytest.fixture
async def hubspot(hubspot_server: HubSpotServer, hasty: HastyClock) -> AsyncIterator[HubSpot]:
    client = HubSpot(token=TOKEN, clock=hasty, url=hubspot_server.url, rules=PATIENT)
    yield client
    await client.close()


@pytest.fixture
async def sendgrid_server() -> AsyncIterator[SendGridServer]:
    server = SendGridServer()
    async with running(server):
        yield server


@pytest.fixture
async def sendgrid(sendgrid_server: SendGridServer, hasty: HastyClock) -> AsyncIterator[SendGrid]:
    client = SendGrid(
        key=KEY, sender=SENDER, sender_name="Acme Studio", clock=hasty, url=sendgrid_server.url, rules=PATIENT
    )
    yield client
    await client.close()


@pytest.fixture
async def calendar_server(hasty: HastyClock, robot_keys: tuple[str, str]) -> AsyncIterator[CalendarServer]:
    server = CalendarServer(clock=hasty, public_key=robot_keys[1])
    async with running(server):
        yield server


@pytest.fixture
def calendar_credentials(calendar_server: CalendarServer) -> GoogleCredentials:
    """Those of a person: signing for a robot takes a fifth of a second, and is tried by itself."""
    return credentials_of(authorized_user(calendar_server.token_url))


@pytest.fixture
async def calendar(
    calendar_server: CalendarServer, calendar_credentials: GoogleCredentials, hasty: HastyClock
) -> AsyncIterator[GoogleCalendar]:
    client = GoogleCalendar(
        calendar_id=google.CALENDAR,
        credentials=calendar_credentials,
        hours=WorkingHours(opens=time(9), closes=time(17), zone=ZoneInfo("Europe/Berlin")),
        clock=hasty,
        url=calendar_server.url,
        rules=PATIENT,
    )
    yield client
    await client.close()


@pytest.fixture
async def drive_server(hasty: HastyClock, robot_keys: tuple[str, str]) -> AsyncIterator[DriveServer]:
    server = DriveServer(clock=hasty, public_key=robot_keys[1])
    server.put("root", parent="my-drive", kind=google.FOLDER)
    async with running(server):
        yield server


@pytest.fixture
async def drive(drive_server: DriveServer, hasty: HastyClock) -> AsyncIterator[GoogleDrive]:
    credentials = credentials_of(authorized_user(drive_server.token_url))
    client = GoogleDrive(credentials=credentials, clock=hasty, url=drive_server.url, rules=PATIENT)
    yield client
    await client.close()
