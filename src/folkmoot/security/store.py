"""What the security room reads and writes."""

from datetime import datetime

from sqlalchemy import select

from folkmoot.security.tables import AccessTokenRow
from folkmoot.storage import Database


class TokenStore:
    """Hashes of the tokens that open the API, by the name of their holder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hashes(self) -> dict[str, tuple[str, str]]:
        """Name → (role, argon2 hash)."""
        async with self._database.read() as session:
            rows = (await session.scalars(select(AccessTokenRow))).all()
        return {row.name: (row.role, row.token_hash) for row in rows}

    async def put(self, *, name: str, role: str, token_hash: str, at: datetime) -> None:
        """Set the token of `name`; an earlier one stops working."""
        async with self._database.write() as session:
            await session.merge(AccessTokenRow(name=name, role=role, token_hash=token_hash, created_at=at))
