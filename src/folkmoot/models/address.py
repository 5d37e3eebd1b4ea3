"""Where a model server is: complete addresses, and whether they lead out of the private network."""

import ipaddress
from urllib.parse import urlsplit, urlunsplit

_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def complete(address: str, *, default_port: int) -> str:
    """`0.0.0.0`, `box:11434`, `http://box/` → a URL with scheme and port and without a trailing slash.

    The wildcard address, which servers are told to listen on, is where one reaches them on this machine: loopback.
    Raises `ValueError` if no host is in it.
    """
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if not parts.hostname or parts.scheme not in {"http", "https"} or any(map(str.isspace, address.strip())):
        raise ValueError(f"'{address}' is not an address such as http://127.0.0.1:{default_port}")
    host = "127.0.0.1" if parts.hostname in {"0.0.0.0", "::"} else parts.hostname  # noqa: S104  # compared, not bound
    port = parts.port or (default_port if parts.scheme == "http" else 443)
    return urlunsplit(
        (parts.scheme, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", parts.path.rstrip("/"), "", "")
    )


def leaves_network(url: str) -> bool:
    """Whether a request to `url` leaves this machine and its private network. What cannot be told counts as leaving.

    Names are judged as written, never looked up: a name server must not decide what a person consented to.
    """
    host = (urlsplit(url).hostname or "").rstrip(".").casefold()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return not (host and ("." not in host or host.endswith(_PRIVATE_SUFFIXES)))
    return not (address.is_private or address.is_loopback or address.is_link_local)
