"""Identifiers: random, printable, safe in a URL and as a file name."""

import uuid


def new_id(prefix: str = "") -> str:
    """A new unique id; with a prefix, `prefix_<32 hex digits>`, else a canonical UUID (what A1 asks of a message)."""
    return f"{prefix}_{uuid.uuid4().hex}" if prefix else str(uuid.uuid4())
