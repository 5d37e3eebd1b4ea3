"""What models cost and what may be spent, and where traces go: made from the settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from folkmoot.assembly.settings import Settings, WrongSettingError
from folkmoot.assembly.upkeep import Chore
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.models.spending import BudgetDesk, Prices, UsageLedger, read_prices
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics, Tracing
from folkmoot.version import __version__


@dataclass(frozen=True, kw_only=True)
class Spending:
    """The book that models are counted in, and the desk at which people read it."""

    ledger: UsageLedger
    desk: BudgetDesk
    chores: Sequence[Chore]


def spending(settings: Settings, *, database: Database, clock: Clock, events: EventLog, metrics: Metrics) -> Spending:
    """Raises `WrongSettingError` for a file of prices that cannot be read."""
    ledger = UsageLedger(
        database=database,
        clock=clock,
        events=events,
        prices=prices(settings),
        metrics=metrics,
        defaults=settings.default_budgets,
        longest_answer=settings.model_max_output_tokens,
    )
    kept = timedelta(days=settings.usage_kept_days)
    return Spending(
        ledger=ledger,
        desk=BudgetDesk(database=database, clock=clock, ledger=ledger, metrics=metrics),
        chores=(
            Chore(name="usage", every=timedelta(hours=6), act=lambda: ledger.prune(kept)),
            Chore(name="reservations", every=timedelta(minutes=15), act=ledger.collect_abandoned),
        ),
    )


def prices(settings: Settings) -> Prices:
    """The list prices and one's own."""
    if settings.model_prices_file is None:
        return Prices()
    try:
        return Prices(read_prices(settings.model_prices_file.expanduser()))
    except ValueError as error:
        raise WrongSettingError(
            f"MODEL_PRICES_FILE is wrong: {error}; it is YAML such as openai:my-model: {{input: 0.5, output: 1.5}}",
            variable="MODEL_PRICES_FILE",
        ) from error


def tracing(settings: Settings) -> Tracing:
    """Traces to the endpoint of the settings; off without one. Raises `WrongSettingError` without the extra."""
    if settings.otel_exporter_otlp_endpoint is None:
        return Tracing()
    from folkmoot.telemetry.traces import exporting

    try:
        return exporting(
            endpoint=settings.otel_exporter_otlp_endpoint,
            headers=settings.trace_headers,
            service=settings.otel_service_name,
            version=__version__,
            share=settings.otel_traces_sampler_arg,
        )
    except ImportError as error:
        raise WrongSettingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the extra that traces is not installed: "
            "pip install 'folkmoot[otel]'",
            variable="OTEL_EXPORTER_OTLP_ENDPOINT",
        ) from error
