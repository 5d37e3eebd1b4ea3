"""Settings: documents and how they are searched."""

from pydantic import BaseModel, Field


class KnowledgeSettings(BaseModel):
    """Settings: documents and how they are searched."""

    knowledge_max_mb: int = Field(
        default=100, ge=1, le=1024, description="Largest document that is taken in, in MiB", examples=["100"]
    )
    knowledge_sync_seconds: float = Field(
        default=900.0,
        ge=10,
        le=604_800,
        description="Seconds between two looks at a folder that is followed",
        examples=["900"],
    )
