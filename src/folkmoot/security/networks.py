"""Which network addresses are public, and which others the operator has opened.

The list is our own, since the standard library's idea of a global address changes between Python's releases. An
address that is public by this list may still be somebody's mistake, but it is no way into the own network. How a name
becomes an address, and how a connection is held to it, is in `urls`.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# Every special block of IANA's registry, and two addresses of clouds that answer with secrets.
_CLOSED: Final = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
# Beyond it lie loopback, link-local, private and multicast addresses, and the forms that carry an IPv4 address
# (mapped, compatible, translated by NAT64): none of them is a place on the public network.
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
# What no name on the allow-list opens, since whoever runs the name could point it there: only a network can.
_NEVER_BY_NAME: Final = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
        "fe80::/10",
        "ff00::/8",
    )
)
_NAME: Final = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\.?")
_HIGHEST_PORT: Final = 65535


def is_public(address: Address) -> bool:
    """Whether an address lies on the public network, as far as the registries say."""
    if isinstance(address, ipaddress.IPv6Address) and (address not in _GLOBAL_UNICAST or address.scope_id):
        return False
    return not any(address in block for block in _CLOSED if block.version == address.version)


def ends_in_number(host: str) -> bool:
    """Whether the last label is a number in any notation: then a resolver may take the whole for an address."""
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdigit() or re.fullmatch(r"0[xX][0-9a-fA-F]*", last) is not None


def as_address(host: str) -> Address | None:
    """The address that a host is, written in the one usual way; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """One name (or everything below a name) with one port or all."""

    name: str
    below: bool
    port: int | None

    def covers(self, host: str, port: int) -> bool:
        fits = host.endswith(f".{self.name}") if self.below else host == self.name
        return fits and (self.port is None or self.port == port)


class AllowedHosts:
    """What the operator has opened beyond the public network.

    Each entry is a name (`crm.internal`), a name with a port (`localhost:11434`), everything below a name
    (`*.corp.example`), an address, or a network (`10.1.0.0/16`, `fd00::/8`). Raises `ValueError` for anything else.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        names: list[_Opened] = []
        networks: list[tuple[Network, int | None]] = []
        for entry in (one.strip().lower() for one in entries):
            if not entry:
                continue
            host, port = _parted(entry)
            network = _network(host)
            if network is not None:
                networks.append((network, port))
            elif _NAME.fullmatch(host) and not ends_in_number(host):
                below = host.startswith("*.")
                names.append(_Opened(name=host.removeprefix("*.").rstrip("."), below=below, port=port))
            else:
                raise ValueError(f"'{entry}' is no host, host:port, *.name, address or network such as 10.0.0.0/8")
        self._names = tuple(names)
        self._networks = tuple(networks)

    def names(self, host: str, port: int) -> bool:
        """Whether the name itself is opened for this port."""
        return any(one.covers(host, port) for one in self._names)

    def opens(self, address: Address, port: int, *, named: bool) -> bool:
        """Whether a connection to this address may be made although it is not public; `named`: its name is opened."""
        for network, only in self._networks:
            if only in {None, port} and address.version == network.version and address in network:
                return True
        return named and not any(address in block for block in _NEVER_BY_NAME if block.version == address.version)


def _parted(entry: str) -> tuple[str, int | None]:
    """Host and port of an entry."""
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?", entry)
    plain = re.fullmatch(r"([^:]+):(\d{1,5})", entry)
    found = bracketed or plain
    if found is None:
        return entry, None
    port = int(found[2]) if found[2] else None
    if port is not None and not 0 < port <= _HIGHEST_PORT:
        raise ValueError(f"'{entry}' has no port between 1 and {_HIGHEST_PORT}")
    return found[1], port


def _network(host: str) -> Network | None:
    try:
        return ipaddress.ip_network(host, strict=False)
    except ValueError:
        return None
