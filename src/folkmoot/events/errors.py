"""What can go wrong with an event."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class EventError(FolkmootError):
    """The family of faults of the event log."""

    code: ClassVar[str] = "event"
    family: ClassVar[Family] = Family.INTERNAL


class BadEventError(EventError):
    """The event cannot be kept: its data is no JSON, or its transaction cannot carry it."""

    code = "bad_event"
