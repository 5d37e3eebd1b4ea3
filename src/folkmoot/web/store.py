"""What the faces read and write for themselves: answers to repeated requests."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from folkmoot.storage import Database
from folkmoot.web.tables import IdempotencyRow


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """An earlier request with the same key; `status` is None while it has no answer."""

    request_digest: str
    status: int | None
    media_type: str | None
    body: bytes | None


class IdempotencyStore:
    """Keys of requests and their answers, in the application's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, key: str, *, request_digest: str, at: datetime) -> Remembered | None:
        """Take a key for a new request (None), or answer what is remembered of the earlier one."""
        try:
            async with self._database.write() as session:
                session.add(IdempotencyRow(key=key, request_digest=request_digest, created_at=at))
        except IntegrityError:
            async with self._database.read() as session:
                row = await session.get(IdempotencyRow, key)
            if row is None:
                return None
            return Remembered(
                request_digest=row.request_digest, status=row.status, media_type=row.media_type, body=row.body
            )
        return None

    async def answer(self, key: str, *, status: int, media_type: str, body: bytes) -> None:
        """Keep the answer of a reserved key."""
        async with self._database.write() as session:
            row = await session.get(IdempotencyRow, key)
            if row is not None:
                row.status, row.media_type, row.body = status, media_type, body

    async def release(self, key: str) -> None:
        """Give a key back whose request changed nothing."""
        async with self._database.write() as session:
            await session.execute(delete(IdempotencyRow).where(IdempotencyRow.key == key))

    async def prune(self, before: datetime) -> None:
        """Drop what is older than `before`."""
        async with self._database.write() as session:
            await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))
