"""Settings: where traces and logs go."""

import re

from pydantic import BaseModel, Field, SecretStr, field_validator


class TelemetrySettings(BaseModel):
    """Settings: where traces and logs go."""

    otel_exporter_otlp_endpoint: str | None = Field(
        default=None,
        description="Where traces go, by OTLP over HTTP; without it nothing is traced (needs the extra `otel`)",
        examples=["http://127.0.0.1:4318"],
    )
    otel_exporter_otlp_headers: SecretStr | None = Field(
        default=None, description="Headers for that endpoint: name=value, separated by commas", examples=["x-key=..."]
    )
    otel_service_name: str = Field(default="folkmoot", description="The name that traces bear", examples=["folkmoot"])
    otel_traces_sampler_arg: float = Field(
        default=1.0, ge=0, le=1, description="The share of requests that is traced, 0 to 1", examples=["0.1"]
    )

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _collector(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s?#]+", value):
            raise ValueError("it is not an address that begins with http:// or https://")
        return value

    @field_validator("otel_exporter_otlp_headers")
    @classmethod
    def _pairs(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all("=" in one for one in value.get_secret_value().split(",") if one.strip()):
            raise ValueError("it is not a list name=value,name=value")
        return value

    @property
    def trace_headers(self) -> dict[str, str]:
        """`otel_exporter_otlp_headers` as a map."""
        given = self.otel_exporter_otlp_headers.get_secret_value() if self.otel_exporter_otlp_headers else ""
        pairs = (one.split("=", 1) for one in given.split(",") if "=" in one)
        return {name.strip(): value.strip() for name, value in pairs}
