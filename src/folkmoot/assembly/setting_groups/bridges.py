"""Settings: bridges to other people's WebSocket servers. What judges a value is imported late: see `tools.py`."""

from typing import Any

from pydantic import BaseModel, Field, SecretStr, field_validator


class BridgeSettings(BaseModel):
    """Settings: bridges to other people's WebSocket servers."""

    external_ws_url: SecretStr | None = Field(
        default=None,
        description="WebSocket servers to connect to, separated by commas; {user_id} stands for EXTERNAL_WS_USER_ID",
        examples=["wss://chat.example.com/ws/{user_id}"],
    )
    external_ws_user_id: str = Field(
        default="external-socket-user",
        description="Who the workplace is there, and whose conversations are led there",
        examples=["external-socket-user"],
    )
    bridge_frame_bytes: int = Field(
        default=1024 * 1024,
        ge=1024,
        le=64 * 1024 * 1024,
        description="Largest frame that a bridge takes; a larger one closes the connection with 1009",
        examples=["1048576"],
    )
    bridge_per_minute: int = Field(
        default=60, ge=1, le=100_000, description="Questions that a bridge answers within a minute", examples=["60"]
    )
    bridge_heartbeat: float = Field(
        default=20.0,
        gt=0,
        le=3600,
        description="Seconds between two pings of a bridge, and until one has to be answered",
        examples=["20"],
    )

    @field_validator("external_ws_url")
    @classmethod
    def _bridge_addresses(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _entries(value.get_secret_value(), "someone")
        return value

    @field_validator("external_ws_user_id")
    @classmethod
    def _bridge_user(cls, value: str) -> str:
        _entries("ws://somewhere.example", value)
        return value

    @property
    def bridges(self) -> list[Any]:
        """`external_ws_url` as `folkmoot.agents.outside.BridgeEntry`s."""
        if self.external_ws_url is None:
            return []
        return _entries(self.external_ws_url.get_secret_value(), self.external_ws_user_id)


def _entries(urls: str, user_id: str) -> list[Any]:
    """The bridges. Raises `ValueError` with what is wrong, and no address in it: it may hold a token."""
    from pydantic import ValidationError

    from folkmoot.agents.outside import entries_of

    try:
        return list(entries_of(urls, user_id=user_id))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"it {str(first['msg']).removeprefix('Value error, ')}") from None
