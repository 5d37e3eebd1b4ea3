"""Settings: what agents may call.

What reads the servers belongs to a room that takes seconds to import: a command that only asks a running server would
wait for it, so it is imported where there is something to read.
"""

from typing import Any

from pydantic import BaseModel, Field, SecretStr, field_validator


class ToolSettings(BaseModel):
    """Settings: what agents may call."""

    tool_log_days: float = Field(
        default=90.0,
        gt=0,
        le=36_500,
        description="Days for which calls of tools are kept in the log; what waits for a person is kept longer",
        examples=["90"],
    )
    tools_asking_first: str = Field(
        default="",
        description="Tools that wait for a person's approval whoever calls them, separated by commas",
        examples=["send_marketing_proposal"],
    )
    tool_calls_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Seals the arguments of calls that wait for a person: 32 characters or more, the same "
        "for all servers and hosts; without it a key is made and kept in the home",
        examples=["at-least-thirty-two-random-characters"],
    )
    mcp_servers: SecretStr | None = Field(
        default=None,
        description="MCP servers whose tools agents may be given, as JSON; beside those of the workplace file",
        examples=['{"library": {"url": "https://library.example/mcp"}}'],
    )
    user_file_bytes: int = Field(
        default=1024 * 1024,
        gt=0,
        le=64 * 1024 * 1024,
        description="Bytes that one file of a user may have",
        examples=["1048576"],
    )
    user_files: int = Field(
        default=200, gt=0, le=100_000, description="Files that are kept for one user at most", examples=["200"]
    )
    user_total_bytes: int = Field(
        default=20 * 1024 * 1024,
        gt=0,
        le=1024 * 1024 * 1024,
        description="Bytes that all files of one user may have together",
        examples=["20971520"],
    )

    @field_validator("mcp_servers")
    @classmethod
    def _servers_readable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            from folkmoot.tools.servers.model import read_servers

            read_servers(value.get_secret_value())
        return value

    @property
    def servers(self) -> dict[str, Any]:
        """`mcp_servers` by name, each a `folkmoot.tools.servers.model.McpServer`."""
        if self.mcp_servers is None:
            return {}
        from folkmoot.tools.servers.model import read_servers

        return read_servers(self.mcp_servers.get_secret_value())

    @property
    def asking_first(self) -> frozenset[str]:
        """`tools_asking_first` as names."""
        return frozenset(filter(None, (part.strip() for part in self.tools_asking_first.split(","))))
