"""One question to the hub, as its parts need to know it. No pydantic-ai here: this is imported at once."""

from dataclasses import dataclass, field

from folkmoot.kernel import Clock
from folkmoot.models.errors import ModelsError
from folkmoot.models.model import Caller, ModelHandle, ModelSettings
from folkmoot.models.spending import UsageLedger
from folkmoot.models.watch import Watches
from folkmoot.telemetry import Tracing


@dataclass(kw_only=True)
class Run:
    """What becomes known while a question is answered: by which model, and until when all of it is to be done."""

    until: float | None = None  # on the hub's clock
    by: ModelHandle | None = None
    given_up: dict[str, ModelsError] = field(default_factory=dict)  # of a chain: who is not asked again in this run


@dataclass(frozen=True, kw_only=True)
class Asked:
    """For whom, in which way (`answer`, `decide`, `stream`) and with what care a question is asked."""

    settings: ModelSettings
    clock: Clock
    watches: Watches
    ledger: UsageLedger | None
    tracing: Tracing
    caller: Caller
    kind: str
    run: Run
