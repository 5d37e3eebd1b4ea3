"""Moments as they come in: written out, as the document says, and never as a number of seconds since some time."""

import re
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator

_NUMBER: Final = re.compile(r"\s*[+-]?\d+(\.\d*)?\s*")


def _written_out(value: Any) -> Any:
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("a moment is written as in RFC 3339, for example 2026-11-30T09:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
