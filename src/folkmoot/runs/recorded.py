"""How answers and errors are written into the record of a run: as JSON, never as pickles.

A replayed step must raise what it raised at first, or a run would take another way after a restart. So every
`FolkmootError` comes back as its own class with message and fields, and every other error is turned into a
`StepFailedError` before it is recorded.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from folkmoot.kernel import FolkmootError, JsonValue
from folkmoot.runs.errors import NotJsonError, StepFailedError

_ERROR: Final = "$error"


def as_json(value: Any, what: str) -> JsonValue:
    """The value as it will be read back: tuples are lists from the start, not only after a restart.

    Raises `NotJsonError` naming `what` it was.
    """
    try:
        copy: JsonValue = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise NotJsonError(f"{what} cannot be recorded, because it is not JSON: {error}") from error
    return copy


def encode(value: Any) -> str:
    """A value or an exception as text."""
    if isinstance(value, BaseException):
        value = {_ERROR: _described(value)}
    return json.dumps(value, allow_nan=False)


def decode(text: str) -> Any:
    """The value or the exception that `encode` was given."""
    value = json.loads(text)
    if isinstance(value, dict) and value.keys() == {_ERROR}:
        return _restored(value[_ERROR])
    return value


def _described(error: BaseException) -> dict[str, JsonValue]:
    if isinstance(error, FolkmootError):
        return {"kind": _name(type(error)), "message": error.message, "fields": error.fields}
    return {"kind": _name(type(error)), "message": str(error), "fields": {}}


def _restored(described: dict[str, Any]) -> Exception:
    for known in _family(FolkmootError):
        if _name(known) == described["kind"]:
            # Some cases build their message themselves from other arguments: their own __init__ is left out.
            error = known.__new__(known)
            FolkmootError.__init__(error, described["message"], **described["fields"])
            return error
    return StepFailedError(described["message"], kind=described["kind"])


def _family(root: type[FolkmootError]) -> Iterator[type[FolkmootError]]:
    yield root
    for child in root.__subclasses__():
        yield from _family(child)


def _name(kind: type[BaseException]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
