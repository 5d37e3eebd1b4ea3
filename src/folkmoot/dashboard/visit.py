"""One view of one page: who looks, the rooms it looks into, how it acts and how it stays live.

Pages keep a socket open that HTTP middleware does not cover, so every act and every refresh asks the doorkeeper again,
and holds the visitor's role against `folkmoot.web.rules`: a token that was replaced or a role that was taken away ends
what was opened with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request
from nicegui import background_tasks, ui
from nicegui.client import Client

from folkmoot.dashboard.components.dom import go
from folkmoot.dashboard.components.notices import toast
from folkmoot.dashboard.sign_in import SIGN_IN
from folkmoot.kernel import FolkmootError
from folkmoot.registry import AgentRecord
from folkmoot.security import Actor, NotAllowedError, NotSignedInError, Principal
from folkmoot.tasks import Sight
from folkmoot.telemetry import get_logger
from folkmoot.web import Doorkeeper, Parts
from folkmoot.web.ownership import sees, sight_of
from folkmoot.web.principal import actor_of
from folkmoot.web.rules import check, may

GATHER_SECONDS: Final = 0.08  # what happens within this is shown in one go
RETRY_SECONDS: Final = 2.0
ACTING: Final = "PAGE-ACT"  # the rule for whatever changes something and names no route
_log = get_logger("folkmoot.dashboard")


@dataclass(kw_only=True)
class Visit:
    """`seen` is the last event before the page was read: what comes after it is followed.

    `principal` is who looks, as recognised last; `rule` the page's line in the table of rules.
    """

    request: Request
    parts: Parts
    doorkeeper: Doorkeeper
    token: str | None
    principal: Principal
    rule: str
    seen: int
    agents: dict[str, AgentRecord] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.parts.clock.now()

    async def meet(self) -> dict[str, AgentRecord]:
        """Everybody who works here and whom the visitor may know of, by id; read again."""
        known = await self.parts.registry.discover()
        self.agents = {one.agent_id: one for one in known if sees(one, self.principal)}
        return self.agents

    def name(self, agent_id: str) -> str:
        """What an agent is called; its id once it is gone."""
        agent = self.agents.get(agent_id)
        return agent.name if agent else agent_id

    @property
    def actor(self) -> Actor:
        """Who acts here, for the audit."""
        return actor_of(self.request, self.principal)

    async def sight(self) -> Sight | None:
        """Whose tasks the visitor sees; None is all."""
        return await sight_of(self.parts, self.principal)

    def may(self, *routes: str) -> bool:
        """Whether the visitor's role opens all of these, such as `POST /api/tasks`: what they may not, is not shown."""
        return all(may(self.principal, route) for route in routes)

    async def may_stay(self) -> bool:
        """Whether the visitor's token and role still open this page; if not, it leads to the sign-in.

        Who may something else by now is shown the page anew: what stands on it was made for who they were.
        """
        try:
            now = await self.doorkeeper.recognise_page(self.token)
            check(now, self.rule)
        except (NotSignedInError, NotAllowedError):
            go(SIGN_IN)
            return False
        if _rights(now) != _rights(self.principal):
            self.run("location.reload()")
            return False
        self.principal = now
        return True

    async def may_act(self, route: str = ACTING) -> bool:
        """Whether the visitor may do now what this route does; if not, it is said why."""
        if not await self.may_stay():
            return False
        try:
            check(self.principal, route)
        except NotAllowedError as error:
            toast(error.message, fault=True)
            return False
        return True

    def run(self, script: str) -> None:
        """Run a line of our own script in this visitor's browser."""
        ui.run_javascript(script)

    async def act(
        self,
        doing: Callable[[], Awaitable[object]],
        *,
        said: str = "",
        undo: str | None = None,
        needs: str = ACTING,
    ) -> bool:
        """Do something and say so; say what was wrong instead if it is refused. Whether it was done.

        `needs` is the route that does the same: who may not call that, may not do this.
        """
        if not await self.may_act(needs):
            return False
        try:
            await doing()
        except FolkmootError as error:
            toast(error.message, fault=True)
            return False
        if said:
            toast(said, undo=undo)
        return True

    def follow(
        self,
        refresh: Callable[[], Awaitable[None]],
        *,
        subject: str | None = None,
        types: Collection[str] | None = None,
        gather: float = GATHER_SECONDS,
    ) -> None:
        """Call `refresh` whenever such events come, those within `gather` seconds as one; ends with the page."""
        dirty = asyncio.Event()
        self._keep(dirty, self._listen(dirty, subject, types), refresh, gather)

    def heed(
        self,
        signs: Callable[[asyncio.Event], Coroutine[None, None, None]],
        refresh: Callable[[], Awaitable[None]],
        *,
        gather: float = GATHER_SECONDS,
    ) -> None:
        """Call `refresh` whenever `signs` sets the event that it is given; ends with the page."""
        dirty = asyncio.Event()
        self._keep(dirty, signs(dirty), refresh, gather)

    def repeat(self, refresh: Callable[[], Awaitable[None]], *, every: timedelta) -> None:
        """Call `refresh` again and again, for what changes while nothing happens; ends with the page."""
        dirty = asyncio.Event()
        self._keep(dirty, self._tick(dirty, every), refresh, GATHER_SECONDS)

    def _keep(
        self,
        dirty: asyncio.Event,
        signs: Coroutine[None, None, None],
        refresh: Callable[[], Awaitable[None]],
        gather: float,
    ) -> None:
        client = ui.context.client
        for work in (signs, self._keep_fresh(client, dirty, refresh, gather)):
            task = background_tasks.create(work, name=f"live {self.request.url.path}")
            client.on_delete(task.cancel)

    async def _tick(self, dirty: asyncio.Event, every: timedelta) -> None:
        while True:
            await self.parts.clock.sleep(every)
            dirty.set()

    async def _listen(self, dirty: asyncio.Event, subject: str | None, types: Collection[str] | None) -> None:
        after = self.seen
        while True:
            try:
                async with aclosing(self.parts.events.follow(after=after, subject=subject, types=types)) as events:
                    async for event in events:
                        after = event.id
                        dirty.set()
            except FolkmootError as error:
                _log.warning("a page cannot follow the events", error=error.message)
                await asyncio.sleep(RETRY_SECONDS)

    async def _keep_fresh(
        self, client: Client, dirty: asyncio.Event, refresh: Callable[[], Awaitable[None]], gather: float
    ) -> None:
        while True:
            await dirty.wait()
            dirty.clear()
            with client:
                if not await self.may_stay():
                    return
                try:
                    await refresh()
                except FolkmootError as error:
                    _log.warning("a page cannot be refreshed", error=error.message)
                    toast(f"This page is not up to date: {error.message}", fault=True)
                    await asyncio.sleep(RETRY_SECONDS)
                    dirty.set()
            await asyncio.sleep(gather)


def _rights(principal: Principal) -> tuple[object, ...]:
    """What decides about what somebody sees and may do."""
    return principal.role, principal.person, principal.knowledge_scopes, principal.scopes
