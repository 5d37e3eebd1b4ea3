"""When there is time: free slots within working hours of a zone, pure and without a service.

A slot begins on a quarter of an hour of the zone's clock, lies whole within one working day's hours, and meets no busy
stretch. Nights when clocks change shift nothing: hours are local, comparisons are of moments.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

STEP: Final = timedelta(minutes=15)
_SATURDAY: Final = 5


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """From a moment until another, which it does not hold itself. Both are aware."""

    start: datetime
    end: datetime

    def meets(self, other: "Stretch") -> bool:
        """Whether both share a moment."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, kw_only=True)
class WorkingHours:
    """From `opens` to `closes` on the clock of `zone`, Monday to Friday unless `weekends`."""

    opens: time
    closes: time
    zone: ZoneInfo
    weekends: bool = False

    def on(self, day: date) -> Stretch | None:
        """The hours of one day; None if nobody works then."""
        if day.weekday() >= _SATURDAY and not self.weekends:
            return None
        return Stretch(
            start=datetime.combine(day, self.opens, self.zone).astimezone(UTC),
            end=datetime.combine(day, self.closes, self.zone).astimezone(UTC),
        )


def free_slots(
    hours: WorkingHours, busy: Sequence[Stretch], *, after: datetime, before: datetime, length: timedelta
) -> Iterator[Stretch]:
    """Every free slot of `length` between `after` and `before`, the earliest first."""
    day = after.astimezone(hours.zone).date()
    last = before.astimezone(hours.zone).date()
    while day <= last:
        if (open_hours := hours.on(day)) is not None:
            start = _on_step(max(open_hours.start, after), hours.zone)
            while start + length <= min(open_hours.end, before):
                slot = Stretch(start=start, end=start + length)
                meeting = [one for one in busy if one.meets(slot)]
                if not meeting:
                    yield slot
                    start += STEP
                else:
                    start = _on_step(max(one.end for one in meeting), hours.zone)
        day += timedelta(days=1)


def _on_step(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first quarter of an hour at or after a moment, in UTC; zones differ from UTC by whole quarters."""
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute % 15, seconds=local.second, microseconds=local.microsecond)
    return (moment + (STEP - past if past else timedelta())).astimezone(UTC)
