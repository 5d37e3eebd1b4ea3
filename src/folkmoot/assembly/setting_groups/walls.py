"""Settings: what keeps strangers and floods out."""

from pydantic import BaseModel


class WallSettings(BaseModel):
    """Settings: what keeps strangers and floods out."""
