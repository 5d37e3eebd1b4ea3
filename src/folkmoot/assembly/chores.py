"""What is done again and again in a workplace that is open, and by whom: a server sees to everything.

A process that only hosts agents sees to what its agents and their mail need; the rest is the servers' business, which
have the files and keys for it. Several servers may do the same at once: each chore is made for that.
"""

from datetime import timedelta
from typing import Final

from folkmoot.assembly.integrations import LOOKED_EVERY
from folkmoot.assembly.rooms import Rooms
from folkmoot.assembly.upkeep import Chore
from folkmoot.models import ModelHub
from folkmoot.tasks.recount import Recount

KEPT_MAIL: Final = timedelta(days=7)
KEPT_EVENTS: Final = timedelta(days=30)
KEPT_RUNS: Final = timedelta(days=7)
KEPT_ANSWERS: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)


def hosting_chores(rooms: Rooms) -> list[Chore]:
    """Those of every process that hosts agents."""
    heartbeat, broker = rooms.parts.registry.heartbeat_interval, rooms.mail.broker
    return [
        Chore(name="model", every=HOUR, act=lambda: _warm_up(rooms.models)),
        Chore(name="presence", every=heartbeat / 2, act=rooms.parts.registry.notice),
        Chore(name="mail", every=HOUR, act=lambda: broker.prune(KEPT_MAIL)),
        # In one process, whoever makes a twin brings it up.
        *([Chore(name="twins", every=heartbeat, act=rooms.team.keep_up)] if rooms.mail.link is not None else []),
        *rooms.tooling.chores,
    ]


def serving_chores(rooms: Rooms) -> list[Chore]:
    """Those of a server."""
    parts, clock, twinning = rooms.parts, rooms.parts.clock, rooms.twinning
    recount = Recount(database=rooms.database, roster=rooms.roster)
    return [
        *hosting_chores(rooms),
        Chore(name="consents", every=timedelta(seconds=60), act=parts.consents.expire_due),
        Chore(name="forgetting", every=timedelta(minutes=10), act=twinning.forgetting.finish_begun),
        Chore(name="imports", every=timedelta(minutes=10), act=twinning.imports.resume_running),
        Chore(name="profiles", every=timedelta(hours=6), act=twinning.learning.refresh_all),
        Chore(name="workloads", every=timedelta(minutes=1), act=recount.recount),
        Chore(name="integrations", every=LOOKED_EVERY, act=rooms.integrations.probe),
        Chore(name="runs", every=HOUR, act=lambda: rooms.runs.prune(older_than=KEPT_RUNS)),
        Chore(name="events", every=HOUR, act=lambda: parts.events.prune(older_than=KEPT_EVENTS)),
        *rooms.spending.chores,
        *rooms.leads.chores,
        *rooms.talking.chores,
        *rooms.bridging.chores,
        *rooms.searching.chores,
        *rooms.documents.chores,
        Chore(name="sign-ins", every=HOUR, act=rooms.people.credentials.tidy),
        Chore(name="answers", every=HOUR, act=lambda: rooms.repeats.prune(clock.now() - KEPT_ANSWERS)),
    ]


async def _warm_up(hub: ModelHub) -> None:
    """Import what a language model needs before somebody waits for its first answer."""
    if not (await hub.resolve(None)).offline:
        await hub.warm_up()
