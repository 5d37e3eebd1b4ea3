"""Settings: who may come in, and how often."""

from pydantic import BaseModel, Field, SecretStr, field_validator

SHORTEST_SECRET = 32


class PeopleSettings(BaseModel):
    """Settings: who may come in, and how often."""

    jwt_secret: SecretStr | None = Field(
        default=None,
        description="Secret that signs tokens, the same for all servers; without it one is made and kept in the home",
        examples=["at-least-thirty-two-random-characters"],
    )
    access_token_seconds: float = Field(
        default=900.0, ge=10, le=86_400, description="How long an access token opens the API", examples=["900"]
    )
    refresh_token_seconds: float = Field(
        default=2_592_000.0,
        ge=60,
        le=31_536_000,
        description="How long somebody stays signed in without coming back",
        examples=["2592000"],
    )

    @field_validator("jwt_secret")
    @classmethod
    def _long_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"it has fewer than {SHORTEST_SECRET} characters")
        return value
