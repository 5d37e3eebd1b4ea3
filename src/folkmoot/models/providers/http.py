"""The connections by which SDKs reach model servers. Imported late: the library takes a while."""

import httpx2

from folkmoot.models.model import ModelSettings

_CONNECTING = 5.0
_SLACK = 5.0  # ours are the time-outs that count; a connection's own is for what they do not see


def connections(settings: ModelSettings, *, remote: bool) -> httpx2.AsyncClient:
    """A client that follows no redirect: what may stay within this network must not be sent on by a server of it.

    Proxies of the environment are used for remote servers alone, for the same reason.
    """
    longest = max(settings.timeout, settings.first_token, settings.next_token).total_seconds() + _SLACK
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(longest, connect=_CONNECTING),
        limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100),
        follow_redirects=False,
        trust_env=remote,
    )
