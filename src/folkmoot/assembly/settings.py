"""What may be set from outside: environment variables and `.env`, each with or without the prefix `FOLKMOOT_`.

A secret may also come from a file: `OPENAI_API_KEY_FILE=/run/secrets/openai`. A wrong value stops the start with one
line that names the variable, the fault and an example.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from dotenv import dotenv_values
from pydantic import (
    AliasChoices,
    AliasGenerator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from folkmoot.assembly.setting_groups.bridges import BridgeSettings
from folkmoot.assembly.setting_groups.conversations import ConversationSettings
from folkmoot.assembly.setting_groups.integrations import IntegrationSettings
from folkmoot.assembly.setting_groups.knowledge import KnowledgeSettings
from folkmoot.assembly.setting_groups.messages import MessageSettings
from folkmoot.assembly.setting_groups.people import PeopleSettings
from folkmoot.assembly.setting_groups.tools import ToolSettings
from folkmoot.assembly.setting_groups.traces import TelemetrySettings
from folkmoot.assembly.setting_groups.usage import UsageSettings
from folkmoot.assembly.setting_groups.walls import WallSettings
from folkmoot.kernel import Family, FolkmootError

PREFIX = "FOLKMOOT_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class WrongSettingError(FolkmootError):
    """A setting has a value with which nothing can run."""

    code: ClassVar[str] = "wrong_setting"
    family: ClassVar[Family] = Family.INVALID


def _names(field: str) -> AliasChoices:
    name = field.upper()
    return AliasChoices(name) if name.startswith(PREFIX) else AliasChoices(PREFIX + name, name)


class Settings(
    TelemetrySettings,
    UsageSettings,
    KnowledgeSettings,
    IntegrationSettings,
    ToolSettings,
    WallSettings,
    PeopleSettings,
    MessageSettings,
    ConversationSettings,
    BridgeSettings,
):
    """Every setting, with the default that runs the embedded workplace."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=AliasGenerator(validation_alias=_names))

    folkmoot_home: Path = Field(
        default=Path("~/.folkmoot"), description="Folder for databases, journals and uploads", examples=["~/.folkmoot"]
    )
    workplace_file: Path | None = Field(
        default=None,
        description="The team as YAML; without it, the team that was initialized",
        examples=["workplace.yaml"],
    )
    agent_config_file: Path | None = Field(
        default=None, description='The team in the JSON form {"agents": [...]}', examples=["agents.json"]
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL instead of the SQLite file in the home",
        examples=["postgresql://folkmoot:secret@localhost:5432/folkmoot"],
    )
    api_host: str = Field(default="127.0.0.1", description="Address to listen on", examples=["127.0.0.1"])
    api_port: int = Field(
        default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one", examples=["8000"]
    )
    auth: Literal["on", "off"] = Field(
        default="on", description="off: no token is asked for; allowed on a loopback address only", examples=["on"]
    )
    admin_token: SecretStr | None = Field(
        default=None,
        description="The administrator's token; without it one is made at the first start and shown once",
        examples=["at-least-sixteen-characters"],
    )
    cors_origins: str = Field(
        default="",
        description="Origins whose pages may call the API, separated by commas",
        examples=["https://team.example"],
    )
    tls_cert: Path | None = Field(default=None, description="Certificate chain (PEM) for https", examples=["cert.pem"])
    tls_key: Path | None = Field(default=None, description="Private key (PEM) for https", examples=["key.pem"])
    debug: bool = Field(default=False, description="More log lines, and errors with their cause", examples=["false"])
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Which log lines are written", examples=["INFO"]
    )
    log_file: Path | None = Field(
        default=None, description="A file for JSON log lines as well", examples=["folkmoot.log"]
    )
    heartbeat_interval: float = Field(
        default=15.0, gt=0, le=3600, description="Seconds between two signs of life of an agent", examples=["15"]
    )
    message_timeout: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds to wait for an agent's answer", examples=["30"]
    )
    model: str = Field(
        default="auto", description="provider:name, `offline`, or `auto`: the first there is", examples=["auto"]
    )
    openai_api_key: SecretStr | None = Field(
        default=None, description="Key of an OpenAI-compatible service", examples=["sk-..."]
    )
    openai_model: str | None = Field(
        default=None, description="Model of that service; without it the service's own default", examples=["gpt-5-mini"]
    )
    openai_base_url: str | None = Field(
        default=None, description="Base URL of another OpenAI-compatible server", examples=["http://127.0.0.1:9000/v1"]
    )
    ollama_host: str = Field(
        default="http://127.0.0.1:11434", description="Where Ollama listens", examples=["http://127.0.0.1:11434"]
    )

    @field_validator("log_level", "auth", "messages", mode="before")
    @classmethod
    def _any_case(cls, value: Any, info: Any) -> Any:
        if not isinstance(value, str):
            return value
        return value.upper() if info.field_name == "log_level" else value.lower()

    @field_validator("admin_token")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:  # noqa: PLR2004  # said in the message
            raise ValueError("it has fewer than 16 characters")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in filter(None, (part.strip() for part in value.split(","))):
            if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:  # noqa: PLR2004  # scheme://host only
                raise ValueError(f"'{origin}' is not an origin such as https://team.example")
        return value

    @field_validator("openai_base_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/?#]+([/?#]\S*)?", value):
            raise ValueError("it is not an address that begins with http:// or https://")
        return value

    @field_validator("ollama_host")
    @classmethod
    def _reachable(cls, value: str) -> str:
        from folkmoot.models.address import complete

        complete(value, default_port=11434)
        return value

    @property
    def home(self) -> Path:
        """The home folder, absolute."""
        return self.folkmoot_home.expanduser().absolute()

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.api_host in LOOPBACK

    @property
    def secrets(self) -> list[str]:
        """The value of every secret that is set: what no log may show, wherever it turns up."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [one.get_secret_value() for one in values if isinstance(one, SecretStr)] + self.seal_secrets

    @property
    def origins(self) -> list[str]:
        """`cors_origins` as a list."""
        return [part.strip() for part in self.cors_origins.split(",") if part.strip()]


def load_settings(
    environ: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env"), **overrides: object
) -> Settings:
    """Read the settings: `overrides` (command-line options, by field name) before `environ` before `env_file`.

    Raises `WrongSettingError` with one line that names the variable, its fault and an example.
    """
    found: dict[str, str | None] = {}
    if env_file is not None and env_file.is_file():
        found.update(dotenv_values(env_file))
    found.update(os.environ if environ is None else environ)
    values: dict[str, object] = {name: value for name, value in found.items() if value not in {None, ""}}
    values.update(_from_files(values))
    for field, value in overrides.items():
        if value is not None:
            values[_names(field).choices[0]] = value  # type: ignore[index]  # choices are plain names here
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _one_line(error) from None
    _check_together(settings)
    return settings


def _from_files(values: Mapping[str, object]) -> dict[str, str]:
    """Secrets given as `NAME_FILE`."""
    read: dict[str, str] = {}
    for field, info in Settings.model_fields.items():
        if "SecretStr" not in str(info.annotation):
            continue
        for choice in _names(field).choices:
            path = values.get(f"{choice}_FILE")
            if path is None or choice in values:
                continue
            try:
                read[str(choice)] = Path(str(path)).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise WrongSettingError(
                    f"{choice}_FILE: {path} cannot be read ({error}); it names a text file that holds the secret",
                    variable=f"{choice}_FILE",
                ) from error
    return read


def _one_line(error: ValidationError) -> WrongSettingError:
    first = error.errors()[0]
    variable = str(first["loc"][0])
    field = variable.removeprefix(PREFIX).lower()
    info = Settings.model_fields.get(field) or Settings.model_fields["folkmoot_home"]
    example = (info.examples or [""])[0]
    secret = "SecretStr" in str(info.annotation)
    shown = "" if secret else f"'{first['input']}': "
    reason = first["msg"].removeprefix("Value error, ")
    return WrongSettingError(
        f"{variable} is wrong: {shown}{reason}; for example {variable}={example}", variable=variable
    )


def _check_together(settings: Settings) -> None:
    if settings.auth == "off" and not settings.loopback:
        raise WrongSettingError(
            f"AUTH=off is allowed on a loopback address only, and API_HOST is {settings.api_host}; "
            "for example API_HOST=127.0.0.1",
            variable="AUTH",
        )
    if settings.messages == "memory" and settings.redis_url is not None:
        raise WrongSettingError(
            "MESSAGES=memory keeps messages in one process, and REDIS_URL shares them among several: leave one of the "
            "two away; for example MESSAGES=durable",
            variable="MESSAGES",
        )
    if settings.local_agents.strip().lower() != "on" and settings.redis_url is None:
        raise WrongSettingError(
            f"LOCAL_AGENTS={settings.local_agents} leaves agents to other processes, which are reached over Redis; "
            "for example REDIS_URL=redis://localhost:6379/0",
            variable="LOCAL_AGENTS",
        )
    if settings.encryption_strict and settings.encryption_key is None:
        raise WrongSettingError(
            "ENCRYPTION_STRICT refuses what is not sealed, and nothing is: there is no key; "
            "for example ENCRYPTION_KEY=2026-11=8c0f4e5d1b7a4f0f9d3e6a2c5b8d7e1f",
            variable="ENCRYPTION_STRICT",
        )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        missing = "TLS_KEY" if settings.tls_key is None else "TLS_CERT"
        raise WrongSettingError(
            f"{missing} is missing: https needs both TLS_CERT and TLS_KEY; for example {missing}=key.pem",
            variable=missing,
        )
    for name, file in (
        ("WORKPLACE_FILE", settings.workplace_file),
        ("AGENT_CONFIG_FILE", settings.agent_config_file),
        ("TLS_CERT", settings.tls_cert),
        ("TLS_KEY", settings.tls_key),
    ):
        if file is not None and not file.expanduser().is_file():
            raise WrongSettingError(
                f"{name} is wrong: there is no file {file}; for example {name}=workplace.yaml", variable=name
            )
