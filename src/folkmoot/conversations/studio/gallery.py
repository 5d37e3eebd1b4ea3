"""The gallery: sessions that their owners show to everybody here, as they were at that moment."""

from collections.abc import Mapping
from typing import Any

from folkmoot.conversations.accept import title_of
from folkmoot.conversations.model import Speaker, Status
from folkmoot.conversations.store import AsyncSession, find_conversation, insert_messages, select_shown
from folkmoot.conversations.studio.desk import MOST_MESSAGES, begun
from folkmoot.conversations.studio.model import KIND, GalleryItem, StudioSession, checked_tags, rows_of, without_secrets
from folkmoot.conversations.studio.store import (
    find_item,
    find_session,
    insert_conversation,
    insert_item,
    insert_session,
    remove_item,
    select_items,
)
from folkmoot.kernel import Clock, new_id
from folkmoot.storage import Database


class Gallery:
    """The gallery of one database. Everybody who is signed in sees all of it."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def publish(
        self, session_id: str, *, owner: str, tags: list[str], flow_config: Mapping[str, Any] | None = None
    ) -> GalleryItem:
        """Show a session, or any other conversation, as it is now.

        Raises `UnknownConversationError`, for another's too, and `BadSayingError`.
        """
        kept_tags = checked_tags(tags)
        async with self._database.write() as session:
            one = await _published(session, session_id, owner)
            messages = rows_of(await select_shown(session, session_id, limit=MOST_MESSAGES))
            item = GalleryItem(
                id=new_id("gallery"),
                user_id=owner,
                session={
                    "user_id": one.user_id,
                    "session_id": one.session_id,
                    "timestamp": one.timestamp.isoformat(),
                    "flow_config": without_secrets(flow_config) if flow_config else one.flow_config,
                },
                messages=messages,
                tags=kept_tags,
                timestamp=self._clock.now(),
            )
            await insert_item(session, item)
        return item

    async def items(self, *, limit: int, offset: int = 0) -> tuple[list[GalleryItem], int]:
        """A page of it, the latest first, and how many there are."""
        async with self._database.read() as session:
            return await select_items(session, limit=limit, offset=offset)

    async def item(self, gallery_id: str) -> GalleryItem:
        """Raises `UnknownGalleryItemError`."""
        async with self._database.read() as session:
            return await find_item(session, gallery_id)

    async def unpublish(self, gallery_id: str, *, viewer: str | None) -> None:
        """Take an item back. Raises `UnknownGalleryItemError` for one that somebody else published."""
        async with self._database.write() as session:
            await remove_item(session, gallery_id, viewer=viewer)

    async def start(self, gallery_id: str, speaker: Speaker) -> StudioSession:
        """Begin a session of one's own with everything that was said in a published one."""
        now = self._clock.now()
        async with self._database.write() as session:
            item = await find_item(session, gallery_id)
            first = next((said["content"] for said in item.messages if said["role"] == "user"), "")
            talk = begun(new_id("conv"), speaker, now, title=title_of(first))
            one = StudioSession(
                session_id=talk.conversation_id,
                user_id=speaker.owner,
                flow_config=item.session.get("flow_config", {}),
                timestamp=now,
            )
            await insert_conversation(session, talk)
            await insert_session(session, one)
            if copies := _copies(item, one, speaker.account):
                await insert_messages(session, copies)
        return one


async def _published(session: AsyncSession, conversation_id: str, owner: str) -> StudioSession:
    """What is to be shown; a conversation that is no session is one without a flow."""
    talk = await find_conversation(session, conversation_id, viewer=owner)
    if talk.kind == KIND:
        return await find_session(session, conversation_id, user_id=owner)
    return StudioSession(session_id=conversation_id, user_id=owner, flow_config={}, timestamp=talk.created_at)


def _copies(item: GalleryItem, into: StudioSession, account: str) -> list[dict[str, Any]]:
    """The item's messages as rows of another session; nothing new happened to its user, so that they get no `seq`."""
    rows: list[dict[str, Any]] = []
    for said in item.messages:
        metadata = dict(said.get("metadata") or {})
        is_query = said["role"] == "user"
        status = Status.SAID if is_query else Status(metadata.pop("status", Status.ANSWERED))
        error = metadata.pop("error", None)
        agent_id, agent_name = metadata.pop("agent_id", None), metadata.pop("agent", None)
        rows.append(
            {
                "message_id": new_id(),
                "conversation_id": into.session_id,
                "user_id": into.user_id,
                "account_id": account,
                "role": said["role"],
                "content": "" if status is Status.FAILED else said["content"],
                "parent_id": rows[-1]["message_id"] if rows else None,
                "active": True,
                "status": status,
                "seq": None,
                "agent_id": agent_id,
                "agent_name": agent_name,
                "client_key": None,
                "attempt": 1,
                "owner": None,
                "lease": None,
                "error": error,
                "details": {"flow": metadata} if metadata else {},
                "created_at": into.timestamp,
                "settled_at": into.timestamp,
            }
        )
    return rows
