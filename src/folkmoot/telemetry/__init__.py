"""Logs, metrics and traces: how the house tells its keepers what it does, and never a secret.

`logs.py` writes lines and masks them, `metrics.py` names every figure, `traces.py` follows a request through the house;
`context.py` says what a line bears besides its own fields: which request, message, run and agent it belongs to.
"""

from folkmoot.telemetry.context import bound_to
from folkmoot.telemetry.logs import configure_logging, get_logger
from folkmoot.telemetry.metrics import Metrics
from folkmoot.telemetry.traces import Tracing

__all__ = ["Metrics", "Tracing", "bound_to", "configure_logging", "get_logger"]
