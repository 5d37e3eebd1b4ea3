"""Settings: documents and how they are searched."""

from pydantic import BaseModel


class KnowledgeSettings(BaseModel):
    """Settings: documents and how they are searched."""
