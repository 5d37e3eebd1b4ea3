"""Settings: services of others."""

from pydantic import BaseModel


class IntegrationSettings(BaseModel):
    """Settings: services of others."""
