"""Settings: where messages go when one process is not enough."""

from pydantic import BaseModel, Field, SecretStr, field_validator

from folkmoot.kernel import FolkmootError


class MessageSettings(BaseModel):
    """Settings: where messages go when one process is not enough."""

    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis for messages and the registry, shared by several processes; without it all stays in one. "
        "rediss:// speaks TLS, redis+sentinel:// and redis+cluster:// take several hosts",
        examples=["redis://localhost:6379/0"],
    )
    redis_password: SecretStr | None = Field(
        default=None, description="Its password, where the URL has none", examples=["a-secret"]
    )
    redis_db: int | None = Field(
        default=None, ge=0, le=1_000_000, description="Number of its database, where the URL has none", examples=["0"]
    )

    @field_validator("redis_url")
    @classmethod
    def _an_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            from folkmoot.link.place import Place

            try:
                Place.of(value.get_secret_value())
            except FolkmootError as error:
                raise ValueError(error.message) from error
        return value
