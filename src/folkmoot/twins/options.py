"""What a person said about an export: checked, handed on, and kept for an import that is taken up again."""

from zoneinfo import ZoneInfo

from folkmoot.kernel import JsonValue
from folkmoot.twins.errors import InvalidOptionError
from folkmoot.twins.importers import DateOrder, ReadOptions
from folkmoot.twins.model import ImportOptions

UTC_ZONE = ZoneInfo("UTC")


def read_options(options: ImportOptions) -> ReadOptions:
    """The importer's share. Raises `InvalidOptionError` for a date order that is none.

    The time zone is left out and applied by `prepare`: local times reach it as they stand in the file, so that the
    ids of messages do not depend on the zone.
    """
    order = options.date_order.strip().casefold() if options.date_order else None
    known = [one.value for one in DateOrder]
    if order is not None and order not in known:
        raise InvalidOptionError(
            f"there is no date order {order!r}; choose among {', '.join(known)}", field="date_order"
        )
    return ReadOptions(
        date_order=DateOrder(order) if order else None,
        columns=options.columns,
        encoding=options.encoding,
        member=options.member,
    )


def zone_of(options: ImportOptions) -> ZoneInfo:
    """The zone of times without one; raises the importers' `UnknownTimezoneError`."""
    return ReadOptions(timezone=options.timezone).zone() or UTC_ZONE


def to_json(options: ImportOptions) -> dict[str, JsonValue]:
    return {
        "platform": options.platform,
        "authors": [*options.authors],
        "timezone": options.timezone,
        "date_order": options.date_order,
        "columns": {ours: [*theirs] for ours, theirs in options.columns.items()},
        "encoding": options.encoding,
        "member": options.member,
    }


def from_json(kept: dict[str, JsonValue]) -> ImportOptions:
    """What `to_json` wrote."""
    authors, columns = kept["authors"], kept["columns"]
    assert isinstance(authors, list)
    assert isinstance(columns, dict)
    return ImportOptions(
        platform=_text(kept["platform"]),
        authors=tuple(str(author) for author in authors),
        timezone=_text(kept["timezone"]),
        date_order=_text(kept["date_order"]),
        columns={
            ours: tuple(str(one) for one in theirs) for ours, theirs in columns.items() if isinstance(theirs, list)
        },
        encoding=_text(kept["encoding"]),
        member=_text(kept["member"]),
    )


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
