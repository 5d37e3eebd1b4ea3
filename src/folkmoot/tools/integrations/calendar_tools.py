"""The tools that book meetings: each finds the first free slot of the team's calendar and takes it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from folkmoot.tools.integrations.addresses import checked_address, one_line
from folkmoot.tools.integrations.connection import Connection, told_as_tool
from folkmoot.tools.integrations.google_calendar import GoogleCalendar, Meeting, zone_of
from folkmoot.tools.model import ToolContext
from folkmoot.tools.specify import ToolSpec, tool

_TIMEOUT: Final = timedelta(seconds=90)
_NOTICE: Final = timedelta(hours=2)  # nobody is called into a meeting that begins at once
Short = Annotated[str, Field(max_length=200)]
Address = Annotated[str, Field(min_length=3, max_length=254)]
Long = Annotated[str, Field(max_length=8_000)]
Minutes = Annotated[int, Field(ge=15, le=240)]


def calendar_tools(calendar: Connection[GoogleCalendar]) -> tuple[ToolSpec, ...]:
    """`schedule_technical_consultation`, `schedule_strategy_session` and `schedule_qualification_call`."""

    @tool(effect="external", timeout=_TIMEOUT, per_minute=20)
    async def schedule_technical_consultation(
        context: ToolContext,
        email: Address,
        name: Short,
        topic: Short,
        minutes: Minutes = 60,
        earliest: datetime | None = None,
        timezone: Short = "",
        notes: Long = "",
    ) -> dict[str, Any]:
        """Book a technical consultation about a website or an application, at the first free time of the team.

        Args:
            email: The guest's address, which gets the invitation.
            name: The guest's name.
            topic: What is to be talked about, in a few words.
            minutes: How long it takes.
            earliest: Not before this moment, as in 2026-03-02T09:00:00+01:00.
            timezone: The guest's time zone, as in Europe/Berlin.
            notes: What the team should know beforehand.
        """
        return await _book(calendar, context, "Technical consultation", email, name, topic, minutes, earliest,
                           timezone, notes)  # fmt: skip

    @tool(effect="external", timeout=_TIMEOUT, per_minute=20)
    async def schedule_strategy_session(
        context: ToolContext,
        email: Address,
        name: Short,
        topic: Short,
        minutes: Minutes = 45,
        earliest: datetime | None = None,
        timezone: Short = "",
        notes: Long = "",
    ) -> dict[str, Any]:
        """Book a session about marketing strategy, at the first free time of the team.

        Args:
            email: The guest's address, which gets the invitation.
            name: The guest's name.
            topic: What is to be talked about, in a few words.
            minutes: How long it takes.
            earliest: Not before this moment, as in 2026-03-02T09:00:00+01:00.
            timezone: The guest's time zone, as in Europe/Berlin.
            notes: What the team should know beforehand.
        """
        return await _book(calendar, context, "Strategy session", email, name, topic, minutes, earliest, timezone,
                           notes)  # fmt: skip

    @tool(effect="external", timeout=_TIMEOUT, per_minute=20)
    async def schedule_qualification_call(
        context: ToolContext,
        email: Address,
        name: Short,
        topic: Short = "",
        minutes: Minutes = 30,
        earliest: datetime | None = None,
        timezone: Short = "",
        notes: Long = "",
    ) -> dict[str, Any]:
        """Book a call with a lead to find out what they need, at the first free time of the team.

        Args:
            email: The lead's address, which gets the invitation.
            name: The lead's name.
            topic: What is to be talked about, in a few words.
            minutes: How long it takes.
            earliest: Not before this moment, as in 2026-03-02T09:00:00+01:00.
            timezone: The lead's time zone, as in Europe/Berlin.
            notes: What the team should know beforehand.
        """
        return await _book(calendar, context, "Qualification call", email, name, topic, minutes, earliest, timezone,
                           notes)  # fmt: skip

    return schedule_technical_consultation, schedule_strategy_session, schedule_qualification_call


async def _book(
    calendar: Connection[GoogleCalendar],
    context: ToolContext,
    kind: str,
    email: str,
    name: str,
    topic: str,
    minutes: int,
    earliest: datetime | None,
    timezone: str,
    notes: str,
) -> dict[str, Any]:
    with told_as_tool():
        client = calendar.get()
        zone = zone_of(timezone) if timezone.strip() else client.hours.zone
        if earliest is not None and earliest.tzinfo is None:
            earliest = earliest.replace(tzinfo=zone)  # a time without a zone is the guest's
        now = context.clock.now()
        after = max(now + _NOTICE, (earliest or now).astimezone(UTC))
        title = one_line(f"{kind}: {name}{f' - {topic}' if topic else ''}", 250)
        meeting = Meeting(title=title, text=notes, guest=checked_address(email), length=timedelta(minutes=minutes))
        booking = await client.book(meeting, key=context.key, after=after, zone=zone)
    return {
        "event_id": booking.event_id,
        "start": booking.start.astimezone(zone).isoformat(timespec="minutes"),
        "end": booking.end.astimezone(zone).isoformat(timespec="minutes"),
        "timezone": zone.key,
        "link": booking.link,
        "invited": booking.invited,
        "new": booking.new,
    }
