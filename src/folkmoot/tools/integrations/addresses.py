"""Addresses of mail: what may be written to, before a service is asked."""

import re
from typing import Final

from folkmoot.tools.integrations.errors import ServiceRefusedError

_LONGEST: Final = 254
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")


def checked_address(address: str) -> str:
    """The address without blanks around it. Raises `ServiceRefusedError` for what is none."""
    bare = address.strip()
    if len(bare) > _LONGEST or not _ADDRESS.fullmatch(bare):
        raise ServiceRefusedError(f"{address[:100]!r} is no address such as zoe@acme.example; correct it")
    return bare


def one_line(text: str, limit: int) -> str:
    """The text in one line without control characters, as a subject or a name must be."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:limit]
