"""Hearing an answer from any place in it to its end, on whichever server it is made.

What is made in this process is heard as it comes. What another makes is read from its row, which that one keeps up to
date. Whoever listens too slowly goes on from the row as well: nothing is lost, and nothing is heard twice.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, Final

from folkmoot.conversations.answering import Answering
from folkmoot.conversations.lobby import Lobby
from folkmoot.conversations.model import ChatMessage, Mark, Moment, MomentKind, Status
from folkmoot.conversations.store import find_message
from folkmoot.storage import Database

POLL_SECONDS: Final = 0.1


class Following:
    """Follows answers of one database."""

    def __init__(self, *, database: Database, lobby: Lobby, answering: Answering) -> None:
        self._database = database
        self._lobby = lobby
        self._answering = answering

    async def follow(self, answer: ChatMessage, *, after: Mark | None = None) -> AsyncGenerator[Moment, None]:
        """What happens to an answer after that place in it, until it has settled; `settled` is the last moment."""
        place, routed = after or Mark(answer.attempt, 0), False
        while True:
            with self._lobby.listening(answer.user_id, answer_id=answer.message_id) as listener:
                run = self._answering.running(answer.message_id)
                row = await self._row(answer.message_id) if run is None else replace(run.answer, content=run.text)
                for moment in _caught_up(row, place, routed=routed):
                    routed = routed or moment.kind == "routed"
                    place = moment.mark
                    yield moment
                    if moment.kind == "settled":
                        return
                while run is not None and (heard := await listener.next()) is not None:
                    if heard.kind == "said" or (heard.kind == "routed" and routed):
                        continue
                    if heard.kind in ("chunk", "reset") and _order(heard.mark) <= _order(place):
                        continue  # it stood there when we came
                    routed = routed or heard.kind == "routed"
                    place = heard.mark
                    yield heard
                    if heard.kind == "settled":
                        return
            if run is None:  # another process makes it
                await asyncio.sleep(POLL_SECONDS)

    async def _row(self, answer_id: str) -> ChatMessage:
        async with self._database.read() as session:
            return await find_message(session, answer_id)


def _caught_up(row: ChatMessage, place: Mark, *, routed: bool) -> list[Moment]:
    """What leads from that place to what stands in the row."""
    moments: list[Moment] = []
    offset = place.offset if row.attempt == place.attempt else 0
    if not routed and row.agent_id is not None and "routing" in row.details:
        moments.append(_moment(row, "routed", place, data={"agent": row.agent_name, **row.details["routing"]}))
    # More may have been heard than was kept, when a process died; the answer is made anew then.
    if (place.offset and row.attempt != place.attempt) or offset > len(row.content):
        moments.append(_moment(row, "reset", Mark(row.attempt, 0)))
        offset = 0
    if offset < len(row.content):
        end = Mark(row.attempt, len(row.content))
        moments.append(_moment(row, "chunk", end, text=row.content[offset:]))
    if row.status is not Status.ANSWERING:
        moments.append(_moment(row, "settled", Mark(row.attempt, len(row.content)), message=row))
    return moments


def _order(mark: Mark) -> tuple[int, int]:
    return mark.attempt, mark.offset


def _moment(row: ChatMessage, kind: MomentKind, mark: Mark, **more: Any) -> Moment:
    return Moment(
        kind=kind,
        user_id=row.user_id,
        conversation_id=row.conversation_id,
        answer_id=row.message_id,
        mark=mark,
        **more,
    )
