"""Bridges, made from the settings and joined to the conversations; the workplace file brings further ones.

What the settings name, the operator named: such an address may lie inside (`EXTERNAL_WS_URL=ws://localhost:9000/ws`),
except where no server of anybody's lives (link-local addresses, under which clouds hand out secrets). A bridge of the
workplace file may be called if its address is public or opened by `ALLOWED_HOSTS_OUT`, as everything that is read from
files and forms.
"""

import asyncio
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from dotenv import dotenv_values

from folkmoot.agents import Workplace
from folkmoot.agents.outside import BridgeEntry
from folkmoot.assembly.conversations import Talking
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore
from folkmoot.bridge import BridgeDesk, BridgeLimits, BridgeTimes, Ground
from folkmoot.conversations.noting import Notes
from folkmoot.kernel import Clock
from folkmoot.security.networks import as_address
from folkmoot.security.urls import UrlGuard
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics
from folkmoot.web import Component

_PORTS: Final = {"ws": 80, "wss": 443}


@dataclass(frozen=True, kw_only=True)
class Bridging:
    """What the house uses of them."""

    desk: BridgeDesk
    chores: Sequence[Chore]
    changing: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Begin to connect."""
        await self.desk.start()

    async def stop(self) -> None:
        """Disconnect; what is owed is kept."""
        await asyncio.gather(*self.changing)
        await self.desk.stop()

    def workplace_changed(self, workplace: Workplace) -> None:
        """Follow a workplace file that was read."""
        task = asyncio.create_task(self.desk.use(workplace.bridges), name="bridges")
        self.changing.add(task)
        task.add_done_callback(self.changing.discard)

    async def health(self) -> Component:
        """`not_configured` without any; `degraded` while one is away."""
        states = await self.desk.states()
        if not states or not self.desk.running:
            return Component(status="not_configured")
        away = [f"{one.name}: {one.problem or 'not connected'}" for one in states if not one.connected]
        if away:
            return Component(status="degraded", detail="; ".join(away)[:500])
        return Component(status="ok", detail=f"{len(states)} of {len(states)} connected")


def build_bridges(
    settings: Settings, *, database: Database, clock: Clock, talking: Talking, metrics: Metrics, process: str
) -> Bridging:
    """`process` is this process's id among those that share the database."""
    heartbeat = timedelta(seconds=settings.bridge_heartbeat)
    ground = Ground(
        database=database,
        clock=clock,
        talk=talking.desk,
        guard=UrlGuard(allowed=[*settings.hosts_out, *opened_by(settings.bridges)]),
        secrets=_secret,
        metrics=metrics,
        owner=process,
        alone=database.is_sqlite,
        limits=BridgeLimits(frame_bytes=settings.bridge_frame_bytes, per_minute=settings.bridge_per_minute),
        times=BridgeTimes(heartbeat=heartbeat, patience=heartbeat),
    )
    notes = Notes(database=database, clock=clock, lobby=talking.desk.lobby)
    desk = BridgeDesk(ground, notes=notes, always=settings.bridges)
    return Bridging(desk=desk, chores=[Chore(name="bridges", every=timedelta(hours=1), act=desk.prune)])


def opened_by(entries: Sequence[BridgeEntry]) -> list[str]:
    """What of their hosts may be called wherever it lies, as entries of `ALLOWED_HOSTS_OUT`."""
    opened: list[str] = []
    for one in entries:
        parts = urlsplit(one.address)
        host = (parts.hostname or "").lower()
        address = as_address(host)
        port = parts.port or _PORTS[parts.scheme]
        if address is None:
            opened.append(f"{host}:{port}")
        elif address.is_loopback or (address.is_private and not _nobodys(address)):
            opened.append(f"[{host}]:{port}" if address.version == 6 else f"{host}:{port}")  # noqa: PLR2004  # IP's version
    return opened


def _nobodys(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_link_local or address.is_unspecified or address.is_multicast or address.is_reserved


def _secret(name: str) -> str | None:
    """A variable that an entry names, as the settings are read: from the environment, else from `.env`."""
    return os.environ.get(name) or dotenv_values(".env").get(name)
