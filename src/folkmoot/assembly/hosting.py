"""Agents of a file in a process of their own: `folkmoot agent run FILE` (SPEC A7).

They join over Redis, as the server and the other processes do; replicas of one agent share its mailbox. Where nobody
but this process would hear them there is no use in hosting them, so Redis has to be named. Where DATABASE_URL names the
workplace's PostgreSQL too, they are all that they are in a server (`whole_host.py`); else they have their mail, the
registry and models, each on a line.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from folkmoot.agents import AgentDefinition, BaseAgent, load_workplace
from folkmoot.agents.kinds import KINDS
from folkmoot.assembly.lines.choose import Wanted, choose_line
from folkmoot.assembly.lines.errors import RedisNeededError
from folkmoot.assembly.lines.keep import Stay, enter
from folkmoot.assembly.lines.line import LinePlace
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.signals import run_until_signal
from folkmoot.registry import UnknownAgentError
from folkmoot.telemetry import configure_logging

Placing: TypeAlias = Callable[[AgentDefinition], Awaitable[LinePlace]]
"""Where an agent joins."""


def run_agents(file: Path, *, only: Collection[str], settings: Settings, tell: Callable[[str], None]) -> None:
    """Host the agents of a file until a signal; `tell` gets a line for each that is up.

    Raises `WorkplaceInvalidError`, `UnknownAgentError`, `RedisNeededError` before any agent is up.
    """
    configure_logging(
        level="DEBUG" if settings.debug else settings.log_level, file=settings.log_file, secrets=settings.secrets
    )
    run_until_signal(_run(file, only=only, settings=settings, tell=tell))


async def _run(file: Path, *, only: Collection[str], settings: Settings, tell: Callable[[str], None]) -> None:
    workplace = await asyncio.to_thread(load_workplace, file)
    definitions = chosen(workplace.agents, only)
    apart = [one for one in definitions if one.redis_url is not None]
    whole = [one.agent_id for one in definitions if one.redis_url is None]
    async with AsyncExitStack() as stack:
        if whole and _can_be_whole(settings):
            from folkmoot.assembly.whole_host import hosting_whole

            everybody = not only and not apart
            hosted = hosting_whole(file, only=() if everybody else whole, settings=settings, tell=tell)
            await stack.enter_async_context(hosted)
            definitions = apart
        await stack.enter_async_context(hosting(definitions, placing=partial(_shared_place, settings), tell=tell))
        await asyncio.Event().wait()


def _can_be_whole(settings: Settings) -> bool:
    """Whether this process may have all rooms: on a database that several processes share."""
    if settings.redis_url is None or settings.database_url is None:
        return False
    return settings.database_url.get_secret_value().startswith("postgres")


def chosen(definitions: Sequence[AgentDefinition], only: Collection[str]) -> list[AgentDefinition]:
    """Those that are named, or all. Raises `UnknownAgentError` for a name that nobody has."""
    known = {one.agent_id for one in definitions}
    for agent_id in only:
        if agent_id not in known:
            raise UnknownAgentError(
                f"the file has no agent '{agent_id}'; it has {', '.join(sorted(known))}", agent_id=agent_id
            )
    return [one for one in definitions if not only or one.agent_id in only]


@asynccontextmanager
async def hosting(
    definitions: Sequence[AgentDefinition], *, placing: Placing, tell: Callable[[str], None]
) -> AsyncIterator[None]:
    """Host agents while the block runs; then all of them drain at once, and go offline.

    Every place is known before the first agent is up. If one cannot start, those that are up are drained.
    """
    places = [await placing(one) for one in definitions]
    async with AsyncExitStack() as stack:
        up: list[tuple[Stay, BaseAgent]] = []
        stays: list[Stay] = []
        stack.push_async_callback(_end, up, stays)
        for definition, place in zip(definitions, places, strict=True):
            stay = await enter(place)
            stays.append(stay)
            # It is this process's, and not the server's: whose file it does not stand in must not strike it off.
            agent = await stay.line.host.add(KINDS[definition.type](definition, owner="database"))
            up.append((stay, agent))
            tell(f"{definition.agent_id} is up at {stay.line.where}")
        yield


async def _end(up: Sequence[tuple[Stay, BaseAgent]], stays: Sequence[Stay]) -> None:
    for stay, agent in up:
        stay.line.host.release(agent.agent_id)
    await asyncio.gather(*(agent.shutdown() for _, agent in up))
    for stay in stays:
        await stay.leave()


async def _shared_place(settings: Settings, definition: AgentDefinition) -> LinePlace:
    own = definition.redis_url
    if own is None and settings.redis_url is None:
        raise RedisNeededError(
            f"'{definition.agent_id}' has nowhere to join: agents of another process are reached over Redis; set "
            "REDIS_URL, for example REDIS_URL=redis://localhost:6379/0, or give the agent a 'redis_url' in the file",
            agent_id=definition.agent_id,
        )
    return await choose_line(Wanted(redis_url=own.get_secret_value() if own else None, settings=settings))
