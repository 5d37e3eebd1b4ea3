"""Numbers of what was measured: counts, rates, and how long answers took, in milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from folkmoot.cli.load.plan import Plan
from folkmoot.cli.load.record import NO_CHUNK, Record
from folkmoot.kernel import rfc3339
from folkmoot.version import __version__

PERCENTILES = {"median": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0}


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole test. `latency_ms` and `first_token_ms` are None where nothing came."""

    plan: Plan
    started_at: datetime
    connected: int
    sent: int
    received: int
    unsent: int
    success_rate: float
    messages_per_second: float
    elapsed: float
    errors: int
    errors_by_kind: dict[str, int]
    error_samples: dict[str, str]
    latency_ms: dict[str, float] | None
    first_token_ms: dict[str, float] | None
    interrupted: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "started_at": rfc3339(self.started_at),
            "sent": self.sent,
            "received": self.received,
            "success_rate": round(self.success_rate, 6),
            "messages_per_second": round(self.messages_per_second, 3),
            "errors": self.errors,
            "errors_by_kind": self.errors_by_kind,
            "error_samples": self.error_samples,
            "latency_ms": self.latency_ms,
            "first_token_ms": self.first_token_ms,
            "clients_connected": self.connected,
            "unsent": self.unsent,
            "elapsed_seconds": round(self.elapsed, 3),
            "interrupted": self.interrupted,
            "plan": self.plan.as_json(),
            "folkmoot": __version__,
        }


def report_of(plan: Plan, record: Record, *, started_at: datetime, interrupted: bool = False) -> Report:
    """The rate of success is what was answered of what was sent; messages a second are answers."""
    elapsed = record.elapsed or 1e-9
    return Report(
        plan=plan,
        started_at=started_at,
        connected=record.connected,
        sent=record.sent,
        received=record.received,
        unsent=record.unsent,
        success_rate=record.received / record.sent if record.sent else 0.0,
        messages_per_second=record.received / elapsed,
        elapsed=record.elapsed,
        errors=record.errors.total(),
        errors_by_kind=dict(record.errors.most_common()),
        error_samples=dict(record.samples),
        latency_ms=_spread(record.latency),
        first_token_ms=_spread([one for one in record.first if one != NO_CHUNK]),
        interrupted=interrupted,
    )


def _spread(seconds: Sequence[float]) -> dict[str, float] | None:
    import numpy as np

    if not len(seconds):
        return None
    values = np.asarray(seconds, dtype=float) * 1000
    ranks = np.percentile(values, list(PERCENTILES.values()))
    named = dict(zip(PERCENTILES, ranks, strict=True))
    all_of_them = {"average": values.mean(), **named, "min": values.min(), "max": values.max()}
    return {name: round(float(value), 3) for name, value in all_of_them.items()}
