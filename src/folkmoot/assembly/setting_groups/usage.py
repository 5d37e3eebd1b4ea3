"""Settings: what models may cost."""

from pydantic import BaseModel


class UsageSettings(BaseModel):
    """Settings: what models may cost."""
