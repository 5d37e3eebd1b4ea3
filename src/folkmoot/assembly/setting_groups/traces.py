"""Settings: where traces and logs go."""

from pydantic import BaseModel


class TelemetrySettings(BaseModel):
    """Settings: where traces and logs go."""
