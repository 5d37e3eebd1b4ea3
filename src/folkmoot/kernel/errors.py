"""The root of every error that Folkmoot raises on purpose.

Each room has one family (a subclass of `FolkmootError`) and a case per fault. A case has a stable `code` and a
`family`, which the faces map to an HTTP status and an exit code in one table; its message tells a person what was
wrong and how to mend it; its fields carry the same facts for programs.
"""

from enum import StrEnum
from typing import ClassVar

from folkmoot.kernel.text import JsonValue


class Family(StrEnum):
    """How a fault looks from outside, whatever room it came from."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    INTERNAL = "internal"


class FolkmootError(Exception):
    """Something went wrong that a caller can understand.

    `message` is a sentence that names the fault and the remedy; `fields` are JSON values for programs. `passing` is
    False where a family's faults usually pass with time and this one does not.
    """

    code: ClassVar[str] = "internal"
    family: ClassVar[Family] = Family.INTERNAL
    passing: ClassVar[bool] = True

    def __init__(self, message: str, /, **fields: JsonValue) -> None:
        super().__init__(message)
        self.message = message
        self.fields: dict[str, JsonValue] = fields
