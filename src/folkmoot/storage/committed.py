"""What is to happen outside the database once a transaction has committed, such as telling another server."""

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


def on_commit(session: AsyncSession, act: Callable[[], None]) -> None:
    """Call `act` when the transaction of a `Database.write()` has committed, in its event loop; else never.

    A process that dies in between has committed and not acted: `act` is for what heals by itself.
    """

    def committed(sync: Session) -> None:
        if not sync.in_nested_transaction():  # a savepoint that is released is no commit
            act()

    event.listen(session.sync_session, "after_commit", committed)
