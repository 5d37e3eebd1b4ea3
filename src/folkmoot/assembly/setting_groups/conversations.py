"""Settings: conversations."""

from pydantic import BaseModel, Field


class ConversationSettings(BaseModel):
    """Settings: conversations."""

    chat_timeout: float = Field(
        default=120.0,
        gt=0,
        le=3600,
        description="Seconds that an answer in a conversation is waited for, and the next words of one that streams",
        examples=["120"],
    )
