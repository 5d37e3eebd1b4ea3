"""Settings: who may come in, and how often."""

from pydantic import BaseModel


class PeopleSettings(BaseModel):
    """Settings: who may come in, and how often."""
