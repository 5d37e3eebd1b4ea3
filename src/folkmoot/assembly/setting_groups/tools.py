"""Settings: what agents may call."""

from pydantic import BaseModel


class ToolSettings(BaseModel):
    """Settings: what agents may call."""
