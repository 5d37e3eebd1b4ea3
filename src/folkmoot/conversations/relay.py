"""What other servers answer, told to whoever listens here. Servers that share a database look into its rows: what
became visible to a user has a number, so that nothing is missed, and what is being said stands in the answer's row.
"""

import asyncio
from collections import OrderedDict
from typing import Any, Final

from folkmoot.conversations.answering import Answering
from folkmoot.conversations.lobby import Lobby
from folkmoot.conversations.model import ChatMessage, Mark, Moment, MomentKind, Status
from folkmoot.conversations.store import rooms_seen, select_answering, select_happened
from folkmoot.kernel import FolkmootError
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.conversations")
_LOOK_SECONDS: Final = 0.2
_REMEMBERED: Final = 10_000


class Relay:
    """Runs from `start()` to `stop()`; `alone`: no other server shares the database, and there is nothing to do."""

    def __init__(self, *, database: Database, lobby: Lobby, answering: Answering, alone: bool) -> None:
        self._database = database
        self._lobby = lobby
        self._answering = answering
        self._alone = alone
        self._seen: dict[str, int] = {}
        self._heard: dict[str, tuple[Mark, bool]] = {}
        self._told: OrderedDict[str, None] = OrderedDict()
        self._looking: asyncio.Task[None] | None = None
        answering.settled.append(self._told_here)

    def start(self) -> None:
        """Look again and again."""
        if not self._alone:
            self._looking = asyncio.create_task(self._look_on(), name="conversations-relay")

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def look(self) -> None:
        """Tell what happened elsewhere since the last look, to those who listened then too."""
        users = self._lobby.users
        self._seen = {user: seq for user, seq in self._seen.items() if user in users}
        if not users:
            return
        async with self._database.read() as session:
            latest = await rooms_seen(session, users)
            happened = [
                one
                for user, seq in latest.items()
                if seq > self._seen.get(user, seq)
                for one in await select_happened(session, user, after=self._seen[user], limit=500)
            ]
            going = await select_answering(session, users=users)
        for user in users:
            self._seen[user] = max(latest.get(user, 0), self._seen.get(user, 0))
        for one in going:
            if self._answering.running(one.message_id) is None:
                self._tell_words(one)
        for one in happened:
            if self._answering.running(one.message_id) is not None:  # settled elsewhere: the run tells of it as it ends
                self._answering.let_go({one.message_id: one.status})
            elif one.message_id not in self._told:
                self._tell_words(one)
                kind: MomentKind = "said" if one.role == "user" else "settled"
                self._tell(one, kind, message=one)
            self._heard.pop(one.message_id, None)

    def _tell_words(self, one: ChatMessage) -> None:
        """What was said of an answer since it was looked at last."""
        if one.role == "user":
            return
        mark, routed = self._heard.get(one.message_id, (Mark(one.attempt, 0), False))
        if not routed and one.agent_id is not None and "routing" in one.details:
            self._tell(one, "routed", data={"agent": one.agent_name, **one.details["routing"]})
            routed = True
        if one.attempt != mark.attempt or len(one.content) < mark.offset:
            mark = Mark(one.attempt, 0)
            self._tell(one, "reset", mark=mark)
        if len(one.content) > mark.offset:
            text, mark = one.content[mark.offset :], Mark(one.attempt, len(one.content))
            self._tell(one, "chunk", text=text, mark=mark)
        if one.status is Status.ANSWERING:
            self._heard[one.message_id] = (mark, routed)

    def _tell(self, one: ChatMessage, kind: MomentKind, **more: Any) -> None:
        self._lobby.tell(
            Moment(
                kind=kind,
                user_id=one.user_id,
                conversation_id=one.conversation_id,
                answer_id=one.message_id,
                **more,
            )
        )

    def _told_here(self, settled: ChatMessage) -> None:
        if self._alone:
            return
        self._told[settled.message_id] = None
        if settled.parent_id is not None:
            self._told[settled.parent_id] = None
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self.look()
            except FolkmootError as error:
                _log.warning("answers_elsewhere_not_read", error=error.message)
            except Exception:  # noqa: BLE001  # who listens would hear nothing of other servers any more; it is logged
                _log.exception("answers_elsewhere_not_read")
