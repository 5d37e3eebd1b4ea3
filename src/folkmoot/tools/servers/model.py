"""An MCP server as data. Pure."""

import json
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")]


class McpServer(BaseModel):
    """A server of tools: `command` with `args` and `env` starts one, `url` with `headers` names one that runs.

    `timeout_seconds` holds for each call. `per_minute`: how often an agent may call each of its tools.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: Text | None = None
    args: tuple[Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00]*$")], ...] = ()
    env: dict[Text, str] = Field(default_factory=dict, repr=False)
    url: Text | None = None
    headers: dict[Text, str] = Field(default_factory=dict, repr=False)
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    per_minute: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("a server has either a 'command' that starts it or a 'url' at which it is")
        if self.command is None and (self.args or self.env):
            raise ValueError("'args' and 'env' are for a server with a 'command'")
        if self.url is None and self.headers:
            raise ValueError("'headers' are for a server with a 'url'")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError("'url' must begin with http:// or https://")
        return self


Servers: Final[TypeAdapter[dict[ServerName, McpServer]]] = TypeAdapter(dict[ServerName, McpServer])


def read_servers(text: str) -> dict[str, McpServer]:
    """The servers in a JSON object of name → server. Raises `ValueError` with what is wrong, and no secret in it."""
    try:
        return Servers.validate_python(json.loads(text))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"{where}: {str(first['msg']).removeprefix('Value error, ')}") from None
    except ValueError as error:
        raise ValueError(f"it is no JSON object of servers: {error}") from None
