"""How identities get into their table."""

import hashlib
from datetime import datetime

from sqlalchemy import select

from folkmoot.security.oidc.model import Identity
from folkmoot.security.oidc.tables import OidcIdentityRow
from folkmoot.storage import Database


def key_of(identity: Identity) -> str:
    """One key for issuer and subject."""
    return hashlib.sha256(f"{identity.issuer}\x00{identity.subject}".encode()).hexdigest()


async def find_user(database: Database, identity: Identity) -> str | None:
    """The id of the account that is theirs."""
    async with database.read() as session:
        return await session.scalar(select(OidcIdentityRow.user_id).where(OidcIdentityRow.identity == key_of(identity)))


async def tie(database: Database, identity: Identity, user_id: str, *, at: datetime) -> str:
    """Tie an identity to an account, unless it has one by now; the id of the account that is theirs."""
    async with database.write() as session:
        known = await session.get(OidcIdentityRow, key_of(identity))
        if known is not None:
            return known.user_id
        row = OidcIdentityRow(identity=key_of(identity), user_id=user_id, issuer=identity.issuer[:400], created_at=at)
        session.add(row)
    return user_id
