"""The messages: figures of the mailboxes, dead letters, and every message by filter or id, live.

The mailboxes stand in `messages_boxes.py`, the dead letters in `messages_dead.py`, one message in `message.py`.
"""

from typing import Final

from folkmoot.dashboard.components import mail_marks
from folkmoot.dashboard.components.dom import button, clear, heading, on_value, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.pages.messages_boxes import EVERY, Boxes
from folkmoot.dashboard.pages.messages_dead import DeadLetters
from folkmoot.dashboard.visit import Visit
from folkmoot.messaging.broker import MessageRecord, MessageStatus
from folkmoot.messaging.news import MESSAGE_DEAD, MESSAGE_HANDLED, MESSAGE_SENT
from folkmoot.web.mail import MailSight, mail_sight, messages_in_sight

EVENTS: Final = (MESSAGE_SENT, MESSAGE_HANDLED, MESSAGE_DEAD)
GATHER_SECONDS: Final = 1.0  # agents may say much in a second, and nobody reads faster
A_PAGE: Final = 25
_LONGEST: Final = 200


async def build(visit: Visit) -> None:
    """The page; `?status=`, `?agent=` and `?find=`, an id of a message or conversation, filter."""
    page = _Messages(visit)
    await page.refresh_in_time()
    visit.follow(page.refresh, types=EVENTS, gather=GATHER_SECONDS)
    visit.repeat(page.refresh_in_time, every=EVERY)


class _Messages:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        query = visit.request.query_params
        status = query.get("status", "")
        self._status = status if status in list(MessageStatus) else ""
        self._agent = query.get("agent", "")[:_LONGEST]
        self._find = query.get("find", "")[:_LONGEST]
        self._starts: list[int | None] = [None]  # where each page began, the present one last
        self._next: int | None = None
        self._shown: object = None
        with page_head("Messages", "What agents say to each other, what waits, and what was given up on."):
            pass
        self._boxes = Boxes(visit)
        self._dead = DeadLetters(visit, changed=self.refresh)
        with tag("section", css="section", aria_label="Messages"):
            heading(2, "All messages")
            self._filters()
            self._list = tag("div")
            self._pager = tag("nav", aria_label="Pages", css="between").style("margin-top:16px")

    def _filters(self) -> None:
        filters = Form("filter")
        with tag("div", css="filters", role="search", aria_label="Filter messages").style("margin-top:12px"):
            filters.text(
                "find", "Id", css="grow", value=self._find, placeholder="Of a message or conversation",
                autocomplete="off", spellcheck="false",
            )  # fmt: skip
            people = {one.agent_id: one.name for one in sorted(self._visit.agents.values(), key=lambda one: one.name)}
            if self._agent and self._agent not in people:
                people[self._agent] = self._agent
            agent = filters.choice("agent", "From or to", {"": "Everybody", **people}, value=self._agent)
            states = {status.value: text for status, (text, _, _) in mail_marks.STATUSES.items()}
            state = filters.choice("status", "State", {"": "All", **states}, value=self._status)
        on_value(filters.element("find"), "input", self._set_find)
        on_value(agent, "change", self._set_agent)
        on_value(state, "change", self._set_status)

    async def refresh(self) -> None:
        """Read everything on the page again."""
        await self._visit.meet()
        sight = await mail_sight(self._visit.parts, self._visit.principal)
        await self._boxes.refresh(sight)
        await self._dead.refresh(sight)
        await self._read(sight)

    async def refresh_in_time(self) -> None:
        """The same when nothing was said but time went by; it is also when the chart gets its next column."""
        sight = await mail_sight(self._visit.parts, self._visit.principal)
        await self._boxes.refresh(sight, sampled=True)
        await self._dead.refresh(sight)
        await self._read(sight)

    async def _read(self, sight: MailSight) -> None:
        records, self._next = await self._wanted(sight)
        shown = [(one.position, one.status, one.attempts) for one in records], self._next, len(self._starts)
        if shown == self._shown:
            return  # whoever stands on one of the links stays there
        self._shown = shown
        with clear(self._list):
            if records:
                self._show(records)
            elif self._status or self._agent or self._find:
                empty("No message fits", "Change the filters to see others.", sign="search")
            else:
                empty("No messages yet", "Whatever an agent is asked stands here.", sign="inbox")
        with clear(self._pager):
            if len(self._starts) > 1 or self._next is not None:
                button("Newer", self._newer, sign="back", disabled=len(self._starts) == 1)
                tag("span", f"Page {len(self._starts)}", css="faint nums")
                button("Older", self._older, sign="next", disabled=self._next is None)

    async def _wanted(self, sight: MailSight) -> tuple[list[MessageRecord], int | None]:
        broker = self._visit.parts.broker
        if self._find:
            record = await broker.find(self._find)
            if record is not None and sight.covers(record.message):
                return [record], None
        return await messages_in_sight(
            broker,
            sight,
            agent_id=self._agent or None,
            conversation_id=self._find or None,
            status=MessageStatus(self._status) if self._status else None,
            limit=A_PAGE,
            before=self._starts[-1],
        )

    def _show(self, records: list[MessageRecord]) -> None:
        name = self._visit.name
        with tag("ul", css="list card tight"):
            for one in records:
                with tag("li"):
                    message = one.message
                    mail_marks.line(one, name(message.sender_id), name(message.recipient_id), self._visit.now)

    async def _older(self) -> None:
        if self._next is not None:
            self._starts.append(self._next)
            await self._again()

    async def _newer(self) -> None:
        if len(self._starts) > 1:
            self._starts.pop()
            await self._again()

    async def _again(self) -> None:
        await self._read(await mail_sight(self._visit.parts, self._visit.principal))

    async def _set_find(self, value: str) -> None:
        self._find, self._starts = value.strip()[:_LONGEST], [None]
        await self._again()

    async def _set_agent(self, value: str) -> None:
        self._agent, self._starts = value[:_LONGEST], [None]
        await self._again()

    async def _set_status(self, value: str) -> None:
        self._status, self._starts = value if value in list(MessageStatus) else "", [None]
        await self._again()
