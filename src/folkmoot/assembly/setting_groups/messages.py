"""Settings: how messages are kept, where they go when one process is not enough, and what seals them."""

from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from folkmoot.kernel import FolkmootError


class MessageSettings(BaseModel):
    """Settings: how messages are kept, where they go when one process is not enough, and what seals them."""

    messages: Literal["durable", "memory"] = Field(
        default="durable",
        description="memory: faster, and what was sent and not yet handled is lost when the process ends; only without "
        "REDIS_URL",
        examples=["durable"],
    )
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

    redis_replicas: int = Field(
        default=0,
        ge=0,
        le=10,
        description="A message is accepted when so many replicas of Redis have it; with Sentinel, 1 loses none by a "
        "failover",
        examples=["1"],
    )
    local_agents: str = Field(
        default="on",
        description="Which agents of the workplace this process hosts: on (all), off (none: `folkmoot agent run` hosts "
        "them), or ids separated by commas; anything but on needs REDIS_URL",
        examples=["off"],
    )
    encryption_key: SecretStr | None = Field(
        default=None,
        description="Seals what messages carry, in journals, in Redis and on the wire: a secret of 32 characters or "
        "more, bare or name=secret; several separated by commas: the first seals, all open",
        examples=["2026-11=8c0f4e5d1b7a4f0f9d3e6a2c5b8d7e1f"],
    )
    encryption_strict: bool = Field(
        default=False,
        description="Refuse messages that arrive unsealed though there is a key; once every process has sealed a while",
        examples=["true"],
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

    @field_validator("local_agents")
    @classmethod
    def _somebody(cls, value: str) -> str:
        if not value.strip(", "):
            raise ValueError("it names nobody")
        return value

    @field_validator("encryption_key")
    @classmethod
    def _usable_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            from folkmoot.messaging.middleware.keyring import Keyring

            try:
                Keyring.of(value.get_secret_value())
            except FolkmootError as error:
                raise ValueError(error.message) from error
        return value

    def hosts(self, agent_id: str) -> bool:
        """Whether `local_agents` leaves an agent to this process."""
        return self.local_agents.strip().lower() == "on" or agent_id in self.named_agents

    @property
    def named_agents(self) -> frozenset[str]:
        """The ids in `local_agents`; none where it says on or off."""
        if self.local_agents.strip().lower() in {"on", "off"}:
            return frozenset()
        return frozenset(filter(None, (part.strip() for part in self.local_agents.split(","))))

    @property
    def keyring(self) -> Any:
        """`encryption_key` as a `folkmoot.messaging.middleware.keyring.Keyring`, an empty one where it is not set."""
        from folkmoot.messaging.middleware.keyring import Keyring

        text = self.encryption_key.get_secret_value() if self.encryption_key else ""
        return Keyring.of(text, strict=self.encryption_strict)

    @property
    def seal_secrets(self) -> list[str]:
        """Each secret of `encryption_key` for itself: none may turn up in a log, also not alone."""
        return [key.secret for key in self.keyring.keys.values()]
