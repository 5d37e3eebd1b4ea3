"""The parts of sharing out a task, joined: who asks, who listens, who awards, who learns."""

from datetime import timedelta

from folkmoot.assembly.joints import CurrentTypes
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.messaging import Broker
from folkmoot.registry import Registry
from folkmoot.runs import RunEngine
from folkmoot.security import UserDesk
from folkmoot.skills.estimates import Estimates
from folkmoot.storage import Database
from folkmoot.tasks import Sight, TaskDesk
from folkmoot.tasks.award import Award
from folkmoot.tasks.consult import Consult
from folkmoot.tasks.distribute import RUN_NAME, Distribute
from folkmoot.tasks.errors import NotYoursError
from folkmoot.tasks.hand import Hand
from folkmoot.tasks.mind import Minds
from folkmoot.tasks.negotiate import Negotiate
from folkmoot.tasks.outcomes import Outcomes
from folkmoot.tasks.quotations import Quotations
from folkmoot.tasks.record import RecordedMinutes
from folkmoot.tasks.roster import Roster
from folkmoot.telemetry import Metrics
from folkmoot.web.ownership import sight_in


class TaskAskers:
    """Whose tasks a user sees, for the manager, who knows of a user the id alone."""

    def __init__(self, *, users: UserDesk, registry: Registry) -> None:
        self._users = users
        self._registry = registry

    async def sight(self, user_id: str | None) -> Sight | None:
        if user_id is None:
            return None
        principal = await self._users.principal(user_id)
        if principal is None or principal.role == "viewer":
            raise NotYoursError("whoever asked may change no task: they are a viewer, or have no account any more")
        return await sight_in(self._registry, principal)


def task_desk(
    *,
    database: Database,
    log: EventLog,
    clock: Clock,
    broker: Broker,
    runs: RunEngine,
    estimates: Estimates,
    outcomes: Outcomes,
    roster: Roster,
    types: CurrentTypes,
    quotations: Quotations,
    minds: Minds,
    patience: timedelta,
    metrics: Metrics | None = None,
) -> TaskDesk:
    """The desk, with its run registered at the engine."""
    minutes = RecordedMinutes(database=database, log=log, clock=clock, metrics=metrics)
    distribute = Distribute(
        database=database,
        log=log,
        clock=clock,
        roster=roster,
        types=types,
        consult=Consult(
            broker=broker, estimates=estimates, clock=clock, minutes=minutes, minds=minds, patience=patience
        ),
        negotiate=Negotiate(broker=broker, clock=clock, minutes=minutes, minds=minds, patience=patience),
        award=Award(database=database, log=log, clock=clock, roster=roster),
        metrics=metrics,
    )
    runs.register(RUN_NAME, distribute.run)
    hand = Hand(database=database, log=log, clock=clock, roster=roster, outcomes=outcomes)
    return TaskDesk(
        database=database,
        log=log,
        clock=clock,
        engine=runs,
        hand=hand,
        outcomes=outcomes,
        quotations=quotations,
    )
