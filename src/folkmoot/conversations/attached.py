"""The files that people attached to what they said, for the agents that answer."""

from folkmoot.conversations.store import find_attachment
from folkmoot.storage import Database


class AttachedFiles:
    """Keeps the promise `folkmoot.agents.enclosed.Shelf`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def load(self, attachment_id: str, *, owner: str | None) -> bytes | None:
        """The file's bytes; None if it is not there, or not this owner's."""
        async with self._database.read() as session:
            found = await find_attachment(session, attachment_id)
        return found[0].data if found is not None and found[1] == owner else None
