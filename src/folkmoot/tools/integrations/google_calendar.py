"""One calendar by Google's Calendar API v3: what is busy, what is planned, and booking without booking twice.

An event gets its id from us, made of the call's key: Google then refuses a second event of that id (409), so that a
booking whose answer was lost may be asked for again.
"""

import asyncio
import hashlib
from base64 import b32hexencode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from folkmoot.kernel import Clock, rfc3339
from folkmoot.tools.integrations.calls import Calls
from folkmoot.tools.integrations.errors import (
    ServiceAnswerInvalidError,
    ServiceConflictError,
    ServiceForbiddenError,
    ServiceNotFoundError,
    ServiceRefusedError,
)
from folkmoot.tools.integrations.google_credentials import GoogleCredentials
from folkmoot.tools.integrations.google_dialect import GoogleDialect
from folkmoot.tools.integrations.google_key import GoogleKey
from folkmoot.tools.integrations.request import CallRules
from folkmoot.tools.integrations.slots import Stretch, WorkingHours, free_slots

SERVICE: Final = "Google Calendar"
URL: Final = "https://www.googleapis.com/calendar/v3"
SCOPES: Final = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
_NO_GUESTS: Final = "forbiddenForServiceAccounts"
_LOOK_AHEAD: Final = timedelta(days=28)
_PAGE: Final = 250


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """What is to be booked. `guest` gets an invitation if the calendar's account may send them."""

    title: str
    text: str
    guest: str
    length: timedelta


@dataclass(frozen=True, kw_only=True)
class Booking:
    """An event in the calendar. `invited`: the guest was invited; else somebody must tell them. `new`: just made."""

    event_id: str
    start: datetime
    end: datetime
    link: str
    invited: bool
    new: bool


class GoogleCalendar:
    """One calendar. Every method raises `IntegrationError`s."""

    def __init__(
        self,
        *,
        calendar_id: str,
        credentials: GoogleCredentials,
        hours: WorkingHours,
        clock: Clock,
        url: str = URL,
        rules: CallRules | None = None,
    ) -> None:
        key = GoogleKey(service=SERVICE, credentials=credentials, scopes=SCOPES, clock=clock, rules=rules)
        self.calls = Calls(service=SERVICE, url=url, key=key, clock=clock, dialect=GoogleDialect(), rules=rules)
        self._id = calendar_id
        self._path = f"/calendars/{quote(calendar_id, safe='')}/events"
        self._hours = hours
        self._clock = clock
        self._one_books = asyncio.Lock()

    @property
    def hours(self) -> WorkingHours:
        """When meetings may be."""
        return self._hours

    async def probe(self) -> None:
        """See whether the calendar can be read."""
        now = rfc3339(self._clock.now().replace(microsecond=0))
        await self.calls.ask("GET", self._path, params={"maxResults": 1, "timeMin": now, "fields": "items(id)"})

    async def busy(self, start: datetime, end: datetime) -> list[Stretch]:
        """When the calendar is taken between two moments."""
        body = {
            "timeMin": rfc3339(start),
            "timeMax": rfc3339(end),
            "timeZone": self._hours.zone.key,
            "items": [{"id": self._id}],
        }
        data = (await self.calls.ask("POST", "/freeBusy", json=body, safe=True)).data
        calendars = data.get("calendars")
        found = calendars.get(self._id) if isinstance(calendars, dict) else None
        if not isinstance(found, dict):
            raise ServiceAnswerInvalidError(f"{SERVICE} said nothing of the calendar it was asked for", service=SERVICE)
        if errors := found.get("errors"):
            # It says so with 200: an unknown calendar would look like one that is always free.
            reason = errors[0].get("reason", "") if isinstance(errors[0], dict) else ""
            raise ServiceNotFoundError(
                f"{SERVICE} cannot say when {self._id} is busy ({reason}); share the calendar with the account",
                service=SERVICE,
                reason=reason,
            )
        return [
            Stretch(start=_moment(self.calls.text(one, "start")), end=_moment(self.calls.text(one, "end")))
            for one in self.calls.listed(found, "busy")
        ]

    async def events(self, start: datetime, end: datetime) -> AsyncIterator[dict[str, Any]]:
        """Every event that meets the time between two moments, each occurrence of a series by itself."""
        params: dict[str, str | int] = {
            "timeMin": rfc3339(start),
            "timeMax": rfc3339(end),
            "timeZone": self._hours.zone.key,
            "singleEvents": "true",
            "orderBy": "startTime",
            "maxResults": _PAGE,
        }
        async for one in self.calls.pages(
            self._path, items="items", after="pageToken", next_page="nextPageToken", params=params
        ):
            yield one

    async def book(self, meeting: Meeting, *, key: str, after: datetime, zone: ZoneInfo | None = None) -> Booking:
        """Book the first free slot at or after `after`, or return what was booked under `key` before.

        `zone` is the guest's: the invitation is written in it. Raises `ServiceRefusedError` if nothing is free within
        four weeks, `ServiceConflictError` if what was booked under this key has been cancelled.
        """
        event_id = event_id_of(key)
        async with self._one_books:  # two that look at once would find the same slot
            if (there := await self._booked(event_id)) is not None:
                return there
            slot = await self._free(meeting.length, max(after, self._clock.now()).replace(microsecond=0))
            return await self._insert(event_id, meeting, slot, zone or self._hours.zone)

    async def close(self) -> None:
        """Close the connections."""
        await self.calls.close()

    async def _free(self, length: timedelta, after: datetime) -> Stretch:
        before = after + _LOOK_AHEAD
        busy = await self.busy(after, before)
        slot = next(free_slots(self._hours, busy, after=after, before=before, length=length), None)
        if slot is None:
            raise ServiceRefusedError(
                f"nothing of {length.total_seconds() / 60:g} minutes is free in the calendar within "
                f"{_LOOK_AHEAD.days} days after {rfc3339(after)}; ask for a shorter meeting or a later day",
                service=SERVICE,
            )
        return slot

    async def _insert(self, event_id: str, meeting: Meeting, slot: Stretch, zone: ZoneInfo) -> Booking:
        event: dict[str, Any] = {
            "id": event_id,
            "summary": meeting.title,
            "description": meeting.text,
            "start": _when(slot.start, zone),
            "end": _when(slot.end, zone),
            "reminders": {"useDefault": True},
            "attendees": [{"email": meeting.guest}],
        }
        try:
            return await self._inserted(event)
        except ServiceForbiddenError as error:
            if error.fields.get("reason") != _NO_GUESTS:
                raise
            # A service account without a domain's consent may book, but may invite nobody.
            del event["attendees"]
            event["description"] = f"{meeting.text}\n\nWith: {meeting.guest} (not invited by the calendar)"
            return await self._inserted(event)

    async def _inserted(self, event: dict[str, Any]) -> Booking:
        params = {"sendUpdates": "all" if "attendees" in event else "none"}
        try:
            data = (await self.calls.ask("POST", self._path, params=params, json=event, safe=True, lasting=True)).data
            return self._booking(data, new=True)
        except (ServiceConflictError, ServiceAnswerInvalidError):
            if (there := await self._booked(event["id"])) is None:
                raise
            return there

    async def _booked(self, event_id: str) -> Booking | None:
        try:
            data = (await self.calls.ask("GET", f"{self._path}/{event_id}")).data
        except ServiceNotFoundError:
            return None
        if data.get("status") == "cancelled":
            raise ServiceConflictError(
                "this meeting was booked before and has been cancelled in the calendar; ask for a new one",
                service=SERVICE,
            )
        return self._booking(data, new=False)

    def _booking(self, data: dict[str, Any], *, new: bool) -> Booking:
        return Booking(
            event_id=self.calls.text(data, "id"),
            start=self._bound(data, "start"),
            end=self._bound(data, "end"),
            link=str(data.get("htmlLink") or ""),
            invited=bool(self.calls.listed(data, "attendees")),
            new=new,
        )

    def _bound(self, data: dict[str, Any], name: str) -> datetime:
        found = data.get(name)
        if isinstance(found, dict) and "dateTime" not in found:  # somebody made a whole day of it
            return datetime.combine(date.fromisoformat(self.calls.text(found, "date")), time(), self._hours.zone)
        return _moment(self.calls.text(data, name, "dateTime"))


def event_id_of(key: str) -> str:
    """An id as the Calendar API takes it (base32hex, lower case, 5 to 1024 characters), the same for the same key."""
    return b32hexencode(hashlib.sha256(key.encode()).digest()).decode().rstrip("=").lower()


def zone_of(name: str) -> ZoneInfo:
    """The zone called so. Raises `ServiceRefusedError` for no IANA name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ServiceRefusedError(f"{name[:60]!r} is no time zone such as Europe/Berlin; correct it") from None


def _when(moment: datetime, zone: ZoneInfo) -> dict[str, str]:
    return {"dateTime": moment.astimezone(zone).isoformat(timespec="seconds"), "timeZone": zone.key}


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ServiceAnswerInvalidError(f"{SERVICE} gave {text[:40]!r} for a moment in time", service=SERVICE)
    return found.astimezone(UTC)
