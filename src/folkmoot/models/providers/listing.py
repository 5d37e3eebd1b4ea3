"""Ask a model server which models it has."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.models")


async def listed_models(
    url: str,
    *,
    list_key: str,
    name_key: str,
    patience: timedelta,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> list[str]:
    """The models that `url` lists under `list_key`; empty if nobody answers there as such a server does.

    `key` is sent as a bearer's unless `headers` say otherwise.
    """
    import httpx  # noqa: PLC0415  # most processes never ask

    sent = headers or ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        async with httpx.AsyncClient(timeout=patience.total_seconds(), trust_env=False) as client:
            listing: Any = (await client.get(url, headers=sent)).raise_for_status().json()
            names = [entry[name_key] for entry in listing[list_key]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        _log.debug("model_server_absent", url=url, error=str(error) or type(error).__name__)
        return []
    return [name for name in names if isinstance(name, str) and name]
