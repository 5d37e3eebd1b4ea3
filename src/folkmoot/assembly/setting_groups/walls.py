"""Settings: what keeps strangers and floods out."""

from pydantic import BaseModel, Field, field_validator

from folkmoot.security.networks import AllowedHosts


class WallSettings(BaseModel):
    """Settings: what keeps strangers and floods out."""

    allowed_hosts_out: str = Field(
        default="",
        description="Hosts inside that URLs set by users may name: names, *.names, addresses, networks, with :port",
        examples=["crm.internal,localhost:11434,10.1.0.0/16"],
    )

    @field_validator("allowed_hosts_out")
    @classmethod
    def _hosts(cls, value: str) -> str:
        AllowedHosts(value.split(","))
        return value

    @property
    def hosts_out(self) -> list[str]:
        """`allowed_hosts_out` as a list."""
        return [part.strip() for part in self.allowed_hosts_out.split(",") if part.strip()]
