"""Settings: services of others."""

import re
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, SecretStr, field_validator

_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)")


class IntegrationSettings(BaseModel):
    """Settings: services of others. What lacks its key is left out; what cannot be used is shown by `/health`."""

    crm_api_key: SecretStr | None = Field(
        default=None, description="Token of a HubSpot private app", examples=["pat-eu1-..."]
    )
    crm_url: str = Field(
        default="https://api.hubapi.com", description="Where HubSpot answers", examples=["https://api.hubapi.com"]
    )
    email_api_key: SecretStr | None = Field(
        default=None, description="Key of SendGrid with the permission Mail Send", examples=["SG...."]
    )
    email_sender: str | None = Field(
        default=None,
        description="The address that mail comes from, verified at SendGrid",
        examples=["team@acme.example"],
    )
    email_sender_name: str = Field(
        default="Folkmoot", description="The name that mail comes from", examples=["Acme Studio"]
    )
    email_inbox: str | None = Field(
        default=None,
        description="Where the team reads of new leads; without it, the sender's address",
        examples=["sales@acme.example"],
    )
    email_url: str = Field(
        default="https://api.sendgrid.com",
        description="Where SendGrid answers; https://api.eu.sendgrid.com for accounts in the EU",
        examples=["https://api.eu.sendgrid.com"],
    )
    calendar_id: str | None = Field(
        default=None, description="The Google calendar that meetings are booked in", examples=["team@acme.example"]
    )
    calendar_api_key: SecretStr | None = Field(
        default=None,
        description="Who books: the key file of a Google service account, its content, or an OAuth token",
        examples=["service-account.json"],
    )
    calendar_subject: str | None = Field(
        default=None,
        description="The person of a Google Workspace domain on whose behalf the service account books and invites",
        examples=["zoe@acme.example"],
    )
    calendar_timezone: str = Field(
        default="UTC", description="Time zone of the working hours", examples=["Europe/Berlin"]
    )
    calendar_hours: str = Field(
        default="09:00-17:00", description="When meetings may be, Monday to Friday", examples=["09:00-17:00"]
    )
    calendar_url: str = Field(
        default="https://www.googleapis.com/calendar/v3",
        description="Where Google Calendar answers",
        examples=["https://www.googleapis.com/calendar/v3"],
    )
    gdrive_config_path: Path | None = Field(
        default=None,
        description="JSON file with the credentials for Google Drive and the scope of each folder",
        examples=["gdrive.json"],
    )
    gdrive_url: str = Field(
        default="https://www.googleapis.com/drive/v3",
        description="Where Google Drive answers",
        examples=["https://www.googleapis.com/drive/v3"],
    )
    google_token_url: str | None = Field(
        default=None,
        description="Where Google gives tokens; without it, what the credentials name",
        examples=["https://oauth2.googleapis.com/token"],
    )

    @field_validator("crm_url", "email_url", "calendar_url", "gdrive_url", "google_token_url")
    @classmethod
    def _service_address(cls, value: str | None) -> str | None:
        if value is not None and not (re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value) and _has_host(value)):
            raise ValueError("it is not an address that begins with http:// or https://")
        return value

    @field_validator("email_sender", "email_inbox", "calendar_subject")
    @classmethod
    def _mail_address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,253}", value):
            raise ValueError("it is not the address of a mailbox")
        return value

    @field_validator("calendar_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("it is not the name of a time zone") from None
        return value

    @field_validator("calendar_hours")
    @classmethod
    def _hours_of_a_day(cls, value: str) -> str:
        opens, closes = working_hours(value)
        if opens >= closes:
            raise ValueError("they end before they begin")
        return value


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        return False


def working_hours(text: str) -> tuple[time, time]:
    """`09:00-17:00` as two times of a day. Raises `ValueError`."""
    found = _HOURS.fullmatch(text.replace(" ", ""))
    if found is None:
        raise ValueError("they are not two times of a day")
    return time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
