"""The audit: who did what to whom, when, from where, and whether it was done. Lines are only ever added.

Names, passwords, tokens and texts have no place in it: it says `user_…`, `consent_…`, `key_…`. It outlives those it
speaks of.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from folkmoot.kernel import Clock, JsonValue
from folkmoot.security import store
from folkmoot.security.model import Actor
from folkmoot.storage import Database

_LONGEST_TARGET: Final = 200
_LONGEST_ADDRESS: Final = 64


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One line; `user_id` None is somebody who was not recognised, or the house itself."""

    id: int
    at: datetime
    user_id: str | None
    action: str
    target: str
    ok: bool
    address: str
    details: dict[str, Any]


class AuditLog:
    """The audit of one database."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def record(
        self,
        action: str,
        *,
        by: Actor,
        target: str = "",
        ok: bool = True,
        session: store.AsyncSession | None = None,
        **details: JsonValue,
    ) -> None:
        """Add a line, such as `("consent_granted", by=actor, target=consent_id)`.

        In the caller's `database.write()` transaction if one is given: then it is kept if and only if that commits.
        """
        columns = {
            "at": self._clock.now(),
            "user_id": by.user_id,
            "action": action,
            "target": target[:_LONGEST_TARGET],
            "ok": ok,
            "address": by.address[:_LONGEST_ADDRESS],
            "details": details,
        }
        if session is not None:
            await store.insert_audit(session, **columns)
            return
        async with self._database.write() as own:
            await store.insert_audit(own, **columns)

    async def lines(
        self,
        *,
        actions: Collection[str] = (),
        user_id: str | None = None,
        since: datetime | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[AuditLine], int]:
        """A page, the newest first, and how many lines fit in all."""
        async with self._database.read() as session:
            rows, total = await store.select_audit(
                session, actions=actions, user_id=user_id, since=since, limit=limit, offset=offset
            )
        return [
            AuditLine(**{name: getattr(row, name) for name in AuditLine.__dataclass_fields__}) for row in rows
        ], total
