"""Logs and metrics: how the house tells its keepers what it does. Traces join here when they are built."""

from folkmoot.telemetry.logs import configure_logging, get_logger
from folkmoot.telemetry.metrics import Metrics

__all__ = ["Metrics", "configure_logging", "get_logger"]
