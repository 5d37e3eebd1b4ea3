"""What agents may call, made from the settings and joined to who the agents are and what their users may do."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from folkmoot.agents import AgentHost, Workplace
from folkmoot.agents.about import telling
from folkmoot.agents.definition import AgentDefinition
from folkmoot.agents.offer import searching
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore
from folkmoot.assembly.walls import url_guard
from folkmoot.consent import person_key
from folkmoot.events import EventLog
from folkmoot.home import Home
from folkmoot.kernel import Clock
from folkmoot.runs import ExecutorPresence
from folkmoot.security import UserDesk, allowed_effects
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics, Tracing
from folkmoot.tools import CallStatus, Effect, ToolDesk, ToolRegistry, ToolSpec
from folkmoot.tools.decide import Decisions
from folkmoot.tools.diary import DIARY_TOOLS
from folkmoot.tools.ledger import Ledger
from folkmoot.tools.mask import Masker
from folkmoot.tools.parts import ToolParts
from folkmoot.tools.seal import Seal
from folkmoot.tools.servers import McpSources
from folkmoot.tools.user_data import USER_DATA_TOOLS
from folkmoot.tools.walls import Leave
from folkmoot.twins import Twin
from folkmoot.user_files import FileLimits, UserFiles

KEY_FILE = "tool_calls.key"
USER_FOLDER = "user_contexts"
_OLD_USER_FOLDER = "users"  # where homes of earlier versions have them
# What an agent may call without listing it: to look into what it may see anyway, and to say who it is.
EVERYBODYS = frozenset({searching.name, telling.name})


class AgentWalls:
    """Who may call what: by the agents' definitions, and by the role of whoever they act for."""

    def __init__(self, *, users: UserDesk, asking_first: Collection[str]) -> None:
        self._users = users
        self._always_first = frozenset(asking_first)
        self._asking_first = self._always_first
        self._host: AgentHost | None = None

    def follow(self, host: AgentHost) -> None:
        """Ask this host; it is made after those who ask."""
        self._host = host

    def ask_first(self, tools: Collection[str]) -> None:
        """What the workplace file wants to be asked about, beside what the settings do."""
        self._asking_first = self._always_first | frozenset(tools)

    def lists(self, agent_id: str, tool: str) -> bool:
        own = self._definition(agent_id)
        return own is not None and (tool in EVERYBODYS or _among(tool, own.tools))

    def asks_first(self, agent_id: str, tool: str) -> bool:
        own = self._definition(agent_id)
        return _among(tool, self._asking_first) or (own is not None and _among(tool, own.asks_first))

    async def leave(self, *, agent_id: str, user_id: str | None) -> Leave:
        principal = await self._users.principal(user_id)
        effects = allowed_effects(principal.role if principal else None)
        who = f"{principal.name}, who is a {principal.role}" if principal else "nobody with an account"
        if self._host is not None and self._host.is_silenced(agent_id):
            return Leave(effects=frozenset(), why=f"'{agent_id}' is silenced: a person switched it off")
        own = self._definition(agent_id)
        if own is not None and own.person:
            owner = await self._users.owner_of(person_key(own.person))
            theirs = allowed_effects(owner.role if owner and owner.disabled_at is None else None)
            if theirs < effects:
                effects, who = theirs, f"{own.person}, whose twin may do no more than they may themselves"
        return Leave(
            effects=frozenset(Effect(one) for one in effects),
            why=f"'{agent_id}' acts for {who}: it may only {' and '.join(sorted(effects)) or 'listen'}",
        )

    def _definition(self, agent_id: str) -> AgentDefinition | None:
        return self._host.definitions.get(agent_id) if self._host else None


def _among(tool: str, names: Collection[str]) -> bool:
    """`library.*` stands for every tool of that source."""
    source, dot, _ = tool.partition(".")
    return tool in names or (bool(dot) and f"{source}.*" in names)


class ToolLogPart:
    """What a twin called, for `twins` to forget with its person."""

    name = "tool calls"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def forget(self, twin: Twin) -> int:
        return await self._ledger.forget_agent(twin.agent_id)


@dataclass(frozen=True, kw_only=True)
class ToolHouse:
    """What of the room `tools` the house uses."""

    parts: ToolParts
    walls: AgentWalls
    servers: McpSources
    chores: Sequence[Chore]
    alone: bool
    old_files: Path
    changing: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Say of calls that a killed process left what is known of them: nothing.

        Where several processes share the database, the chore does it once it has seen who of them lives.
        """
        await asyncio.to_thread(self.parts.files.recover, before=self.old_files)
        if self.alone:
            await self.parts.log.recover()
        await self.servers.start()

    async def stop(self) -> None:
        """Let calls at work end, and write down what was noted."""
        await self.servers.stop()
        await self.parts.desk.stop()

    def workplace_changed(self, workplace: Workplace) -> None:
        """Follow a workplace file that was read: what asks first in it, and its servers."""
        self.walls.ask_first(workplace.asks_first)
        # Disconnecting may take a moment, and nobody has to wait for it.
        task = asyncio.create_task(self.servers.use(workplace.mcp_servers), name="mcp-servers")
        self.changing.add(task)
        task.add_done_callback(self.changing.discard)


def user_files(settings: Settings, home: Home) -> UserFiles:
    """The files of all users, in the home."""
    limits = FileLimits(
        file_bytes=settings.user_file_bytes, files=settings.user_files, total_bytes=settings.user_total_bytes
    )
    return UserFiles(home.path(USER_FOLDER), limits=limits)


def build_tools(
    settings: Settings,
    *,
    home: Home,
    database: Database,
    clock: Clock,
    events: EventLog,
    users: UserDesk,
    files: UserFiles,
    metrics: Metrics,
    tracing: Tracing,
    tools: Sequence[ToolSpec],
    process: str,
    presence: ExecutorPresence | None,
) -> ToolHouse:
    """Make them. `presence` says which other processes live, where several share the database."""
    registry, secret = ToolRegistry(), settings.tool_calls_secret
    registry.add(searching, telling, *USER_DATA_TOOLS, *DIARY_TOOLS, *tools)
    ledger = Ledger(
        database=database,
        clock=clock,
        events=events,
        masker=Masker(known=settings.secrets),
        seal=Seal(home.path(KEY_FILE), secret=secret.get_secret_value() if secret else None),
        process=process,
    )
    walls = AgentWalls(users=users, asking_first=settings.asking_first)

    def heard(tool: str, status: CallStatus, took: timedelta) -> None:
        label = metrics.tools(tool)
        metrics.tool_calls.labels(label, str(status)).inc()
        metrics.tool_seconds.labels(label).observe(took.total_seconds())

    desk = ToolDesk(
        registry=registry, ledger=ledger, walls=walls, files=files, clock=clock, heard=heard, tracing=tracing
    )

    async def look_after() -> None:
        await desk.sweep()
        if presence is not None and (known := presence.known()):
            await ledger.recover(living=known)

    kept = timedelta(days=settings.tool_log_days)
    servers = McpSources(registry=registry, guard=url_guard(settings), always=settings.servers)
    return ToolHouse(
        parts=ToolParts(
            registry=registry,
            desk=desk,
            log=ledger,
            decisions=Decisions(desk=desk, ledger=ledger, registry=registry, walls=walls),
            walls=walls,
            files=files,
            sources=servers.states,
        ),
        walls=walls,
        servers=servers,
        alone=presence is None,
        old_files=home.path(_OLD_USER_FOLDER),
        chores=[
            Chore(name="tool calls", every=timedelta(seconds=15), act=look_after),
            Chore(name="tool log", every=timedelta(hours=1), act=lambda: ledger.prune(older_than=kept)),
        ],
    )
