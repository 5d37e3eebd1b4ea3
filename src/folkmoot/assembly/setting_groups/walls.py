"""Settings: what keeps strangers and floods out."""

from limits import parse
from pydantic import BaseModel, Field, field_validator

from folkmoot.security.networks import AllowedHosts


class WallSettings(BaseModel):
    """Settings: what keeps strangers and floods out."""

    allowed_hosts_out: str = Field(
        default="",
        description="Hosts inside that URLs set by users may name: names, *.names, addresses, networks, with :port",
        examples=["crm.internal,localhost:11434,10.1.0.0/16"],
    )

    rate_limit: str = Field(
        default="2400/minute",
        description="Requests of one user to one group of routes (such as `/api/tasks`) in a moving window; or `off`",
        examples=["1200/minute"],
    )
    rate_limit_costly: str = Field(
        default="240/minute",
        description="The same for what costs much: imports, uploads of knowledge, leads, new users and keys; or `off`",
        examples=["60/minute"],
    )
    rate_limit_sign_in: str = Field(
        default="60/minute",
        description="Attempts to sign in, and wrong tokens, from one address in a moving window; or `off`",
        examples=["20/minute"],
    )
    body_limit_mb: int = Field(
        default=2, ge=1, le=1024, description="Largest body of an ordinary request, in MiB", examples=["2"]
    )
    upload_limit_mb: int = Field(
        default=1024, ge=1, le=65536, description="Largest upload (exports, documents), in MiB", examples=["200"]
    )

    @field_validator("rate_limit", "rate_limit_costly", "rate_limit_sign_in")
    @classmethod
    def _rates(cls, value: str) -> str:
        if value.strip().lower() != "off":
            try:
                parse(value)
            except ValueError:
                raise ValueError("it is no rate such as 1200/minute, nor `off`") from None
        return value

    @field_validator("allowed_hosts_out")
    @classmethod
    def _hosts(cls, value: str) -> str:
        AllowedHosts(value.split(","))
        return value

    @property
    def hosts_out(self) -> list[str]:
        """`allowed_hosts_out` as a list."""
        return [part.strip() for part in self.allowed_hosts_out.split(",") if part.strip()]
