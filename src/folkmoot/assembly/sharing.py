"""The parts of sharing out a task, joined: who asks, who listens, who awards, who learns."""

from datetime import timedelta

from folkmoot.assembly.joints import CurrentTypes
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.messaging import Broker
from folkmoot.runs import RunEngine
from folkmoot.skills.estimates import Estimates
from folkmoot.storage import Database
from folkmoot.tasks import TaskDesk
from folkmoot.tasks.award import Award
from folkmoot.tasks.consult import Consult
from folkmoot.tasks.distribute import RUN_NAME, Distribute
from folkmoot.tasks.hand import Hand
from folkmoot.tasks.mind import Minds
from folkmoot.tasks.negotiate import Negotiate
from folkmoot.tasks.outcomes import Outcomes
from folkmoot.tasks.quotations import Quotations
from folkmoot.tasks.record import RecordedMinutes
from folkmoot.tasks.roster import Roster
from folkmoot.telemetry import Metrics


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
