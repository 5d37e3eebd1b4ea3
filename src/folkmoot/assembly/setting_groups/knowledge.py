"""Settings: documents and how they are searched."""

import re

from pydantic import BaseModel, Field, SecretStr, field_validator


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

    embedding_model: str | None = Field(
        default=None,
        description="Searching by meaning too: openai:<model>, ollama:<model>, local:<folder> or builtin:ngrams",
        examples=["openai:text-embedding-3-small"],
    )
    embedding_base_url: str | None = Field(
        default=None,
        description="Base URL of an OpenAI-compatible server for embeddings; without it OPENAI_BASE_URL",
        examples=["http://127.0.0.1:9000/v1"],
    )
    embedding_api_key: SecretStr | None = Field(
        default=None, description="Key of that server; without it OPENAI_API_KEY", examples=["sk-..."]
    )
    vector_store_url: str | None = Field(
        default=None,
        description="A Qdrant server for the vectors; without it they are in the database",
        examples=["http://127.0.0.1:6333"],
    )
    vector_store_api_key: SecretStr | None = Field(
        default=None, description="Key of that server, if it asks for one", examples=["qdrant-key"]
    )

    @field_validator("embedding_model")
    @classmethod
    def _known_embedding_model(cls, value: str | None) -> str | None:
        if value is None or value == "builtin:ngrams" or re.fullmatch(r"(openai|ollama|local):\S.{0,150}", value):
            return value
        raise ValueError("it is none of openai:<model>, ollama:<model>, local:<folder>, builtin:ngrams")

    @field_validator("embedding_base_url", "vector_store_url")
    @classmethod
    def _server_address(cls, value: str | None) -> str | None:
        if value is not None and value != ":memory:" and not re.fullmatch(r"https?://[^\s/?#]+([/?#]\S*)?", value):
            raise ValueError("it is not an address that begins with http:// or https://")
        return value
