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
    flow_timeout: float = Field(
        default=600.0,
        gt=0,
        le=86_400,
        description="Seconds that several agents may take to answer one query of a session",
        examples=["600"],
    )
    flow_rounds: int = Field(
        default=30, ge=1, le=1000, description="Turns of a group chat in a session at most", examples=["30"]
    )
    flow_tokens: int = Field(
        default=200_000,
        ge=1,
        description="Tokens after which no further agent of a flow is asked",
        examples=["200000"],
    )
