"""The twins, joined to what learns of them: consents, the search, the estimator, and what is forgotten with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from folkmoot.assembly.joints import HostCharacters, KeptAnswers, OutcomesPart, TextShare
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.events import EventLog
from folkmoot.home import Home
from folkmoot.kernel import Clock
from folkmoot.memory import KnowledgeIndex
from folkmoot.messaging import Broker
from folkmoot.security.redaction import Redactor
from folkmoot.skills import CapabilityEstimator
from folkmoot.skills.estimates import Estimates
from folkmoot.storage import Database
from folkmoot.tasks.outcomes import Outcomes
from folkmoot.telemetry import Metrics
from folkmoot.twins import Forgetting, ImportExport, TwinEvidence, TwinLearning, TwinRoster
from folkmoot.twins.forget import ForgetPart
from folkmoot.twins.skill_patterns import SkillPatterns


@dataclass(frozen=True, kw_only=True)
class Twinning:
    """What others ask of the twins."""

    twins: TwinRoster
    evidence: TwinEvidence
    characters: HostCharacters
    outcomes: Outcomes
    estimates: Estimates
    learning: TwinLearning
    imports: ImportExport
    forgetting: Forgetting


def build_twins(
    *,
    home: Home,
    database: Database,
    clock: Clock,
    events: EventLog,
    ledger: ConsentLedger,
    gate: ConsentGate,
    index: KnowledgeIndex,
    broker: Broker,
    metrics: Metrics,
    parts: Sequence[ForgetPart],
) -> Twinning:
    """Make them; `parts` are what other rooms keep of a person."""
    estimates = Estimates(estimator=CapabilityEstimator())
    twins = TwinRoster(database=database, clock=clock, ledger=ledger, gate=gate)
    evidence = TwinEvidence(database=database, gate=gate)
    characters = HostCharacters()
    outcomes = Outcomes(database=database, estimates=estimates)
    share = TextShare(estimates=estimates, outcomes=outcomes, declared=characters.declared)
    learning = TwinLearning(
        database=database,
        clock=clock,
        events=events,
        gate=gate,
        evidence=evidence,
        share=share,
        patterns=SkillPatterns(),
    )
    imports = ImportExport(
        database=database,
        clock=clock,
        events=events,
        gate=gate,
        index=index,
        roster=twins,
        redactor=Redactor(),
        folder=home.path("imports"),
        metrics=metrics,
    )
    imports.listen(learning)
    answers = KeptAnswers(broker=broker, twins=twins)
    # Rows are gone by then: the files first, then the search, then what was learned.
    for listener in (imports, index, learning, answers):
        ledger.listen(listener)
    forgetting = Forgetting(
        database=database,
        clock=clock,
        events=events,
        ledger=ledger,
        index=index,
        imports=imports,
        share=share,
        parts=[OutcomesPart(outcomes), answers, *parts],
    )
    return Twinning(
        twins=twins,
        evidence=evidence,
        characters=characters,
        outcomes=outcomes,
        estimates=estimates,
        learning=learning,
        imports=imports,
        forgetting=forgetting,
    )
