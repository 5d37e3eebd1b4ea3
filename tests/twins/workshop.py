"""Everything an import needs, put together on one database, for tests and for their child processes."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from folkmoot.consent import ConsentGate, ConsentLedger, Purpose
from folkmoot.consent.ledger import Granted
from folkmoot.events import EventLog
from folkmoot.kernel import Clock, SimulatedClock
from folkmoot.memory import KnowledgeIndex
from folkmoot.security.redaction import Redactor
from folkmoot.skills import CapabilityEstimator, Evidence
from folkmoot.storage import Database
from folkmoot.twins import Forgetting, ImportExport, TwinEvidence, TwinLearning, TwinRecall, TwinRoster
from folkmoot.twins.prepare import Redactor as Redacting
from folkmoot.twins.skill_patterns import SkillPatterns


class Share:
    """The estimator's share, on a real estimator."""

    def __init__(self) -> None:
        self.estimator = CapabilityEstimator()

    async def learn(self, evidence: Sequence[Evidence]) -> None:
        self.estimator.learn(evidence)

    async def forget(self, person: str) -> None:
        self.estimator.forget(person)


class Workshop:
    """The parts of the room, wired as the assembly wires them."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        clock: Clock | None = None,
        redactor: Redacting | None = None,
        batch: int = 50,
    ) -> None:
        self.database = database
        self.folder = folder
        self.clock = clock or SimulatedClock()
        self.events = EventLog(database=database, clock=self.clock)
        self.ledger = ConsentLedger(database=database, clock=self.clock, events=self.events)
        self.gate = ConsentGate(database=database, clock=self.clock)
        self.index = KnowledgeIndex(database=database)
        self.roster = TwinRoster(database=database, clock=self.clock, ledger=self.ledger, gate=self.gate)
        self.evidence = TwinEvidence(database=database, gate=self.gate)
        self.recall = TwinRecall(index=self.index, gate=self.gate)
        self.share = Share()
        self.learning = TwinLearning(
            database=database,
            clock=self.clock,
            events=self.events,
            gate=self.gate,
            evidence=self.evidence,
            share=self.share,
            patterns=SkillPatterns(),
        )
        self.imports = ImportExport(
            database=database,
            clock=self.clock,
            events=self.events,
            gate=self.gate,
            index=self.index,
            roster=self.roster,
            redactor=redactor or Redactor(),
            folder=folder,
            batch=batch,
        )
        self.forgetting = Forgetting(
            database=database,
            clock=self.clock,
            events=self.events,
            ledger=self.ledger,
            index=self.index,
            imports=self.imports,
            share=self.share,
        )
        for listener in (self.imports, self.index, self.learning):
            self.ledger.listen(listener)
        self.imports.listen(self.learning)

    async def grant(
        self, person: str = "John Smith", platform: str = "whatsapp", *purposes: str, days: float = 30
    ) -> Granted:
        return await self.ledger.grant(
            person,
            email="john@company.example",
            platform=platform,
            purposes=purposes or [purpose.value for purpose in Purpose],
            expires_at=self.clock.now() + timedelta(days=days),
        )


TOPICS = ("the deploy script", "the payment api", "release notes", "the flaky test", "the index on orders")


def chat(path: Path, *, pairs: int = 60, first: int = 0, person: str = "John Smith", a_day: int = 1) -> Path:
    """A WhatsApp chat of `2 * pairs` messages, half of them the person's, so many pairs a day."""
    lines: list[str] = []
    for number in range(first, first + pairs):
        date = number // a_day
        day = f"{date % 28 + 1:02d}/{date // 28 % 12 + 1:02d}/{2024 + date // 336}"
        topic = TOPICS[number % 5]
        lines.append(f"{day}, 09:15 - Alice Jones: can you have a look at {topic} before lunch? #{number}")
        lines.append(f"{day}, 10:05 - {person}: hey, sure, checking {topic} now with quokka, give me {number} minutes")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
