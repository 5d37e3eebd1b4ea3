"""A ledger and a gate on the test's database."""

from datetime import timedelta

import pytest

from folkmoot.consent import Consent, ConsentGate, ConsentLedger
from folkmoot.consent.ledger import Granted
from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Database


class Grants:
    """Grants with the boring fields filled in."""

    def __init__(self, ledger: ConsentLedger, clock: SimulatedClock) -> None:
        self.ledger = ledger
        self.clock = clock

    async def __call__(
        self, person: str = "Zoe Vale", platform: str = "whatsapp", *purposes: str, days: float = 30
    ) -> Granted:
        return await self.ledger.grant(
            person,
            email="zoe@vale.example",
            platform=platform,
            purposes=purposes or ("import",),
            expires_at=self.clock.now() + timedelta(days=days),
        )


class Listener:
    """Remembers what it was told; fails as often as it is asked to."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.failures: list[Exception] = []

    async def withdrawn(self, consent: Consent) -> None:
        if self.failures:
            raise self.failures.pop()
        self.told.append(consent.consent_id)


@pytest.fixture
def ledger(database: Database, clock: SimulatedClock) -> ConsentLedger:
    return ConsentLedger(database=database, clock=clock, events=EventLog(database=database, clock=clock))


@pytest.fixture
def gate(database: Database, clock: SimulatedClock) -> ConsentGate:
    return ConsentGate(database=database, clock=clock)


@pytest.fixture
def grant(ledger: ConsentLedger, clock: SimulatedClock) -> Grants:
    return Grants(ledger, clock)


@pytest.fixture
def listener(ledger: ConsentLedger) -> Listener:
    listener = Listener()
    ledger.listen(listener)
    return listener
