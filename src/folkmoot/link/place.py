"""Where Redis is, read from a URL.

    redis://host:6379/0                       one server; rediss:// with TLS; unix:///run/redis.sock
    redis+sentinel://h1:26379,h2:26379/main/0 the primary named `main`; rediss+sentinel:// with TLS
    redis+cluster://h1:6379,h2:6379           a Cluster, found by any of its nodes; rediss+cluster:// with TLS

`user:password@` goes before the hosts. `?ssl_ca_certs=FILE&ssl_certfile=…&ssl_keyfile=…&ssl_cert_reqs=none` say how a
certificate is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from folkmoot.link.errors import BadRedisUrlError

Kind = Literal["server", "sentinel", "cluster"]
_KINDS: Final[Mapping[str, tuple[Kind, bool]]] = {
    "redis": ("server", False),
    "rediss": ("server", True),
    "unix": ("server", False),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_TLS_OPTIONS: Final = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"})


@dataclass(frozen=True, kw_only=True)
class Place:
    """A Redis, and how it is spoken to. `hosts` are (name, port); `tls` are redis-py's options of that name."""

    kind: Kind = "server"
    hosts: tuple[tuple[str, int], ...] = (("127.0.0.1", _PORT),)
    socket: str | None = None
    primary: str = ""
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    encrypted: bool = False
    tls: Mapping[str, str | bool] = field(default_factory=dict)

    @classmethod
    def of(cls, url: str, *, password: str | None = None, db: int | None = None) -> "Place":
        """Read a URL; `password` and `db` are used where it says nothing. Raises `BadRedisUrlError`."""
        try:
            return _read(url, password, db)
        except ValueError as error:
            raise BadRedisUrlError(
                f"it is no address of a Redis ({error}); for example redis://localhost:6379/0", reason=str(error)
            ) from error

    def __str__(self) -> str:
        """The place without its secrets."""
        if self.socket:
            return self.socket
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return {"server": f"{hosts}/{self.db}", "sentinel": f"{self.primary} by {hosts}", "cluster": hosts}[self.kind]


def _read(url: str, password: str | None, db: int | None) -> Place:
    parts = urlsplit(url)
    if parts.scheme not in _KINDS:
        raise ValueError(f"it begins with none of {', '.join(f'{scheme}://' for scheme in _KINDS)}")
    kind, encrypted = _KINDS[parts.scheme]
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, secret = credentials.partition(":")
    options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    path = [part for part in parts.path.split("/") if part]
    if "db" in options:
        path = [*path[:1], options.pop("db")] if kind == "sentinel" else [options.pop("db")]
    unknown = set(options) - _TLS_OPTIONS
    if unknown:
        raise ValueError(f"'{min(unknown)}' is no option of it")
    tls: dict[str, str | bool] = {
        name: value.lower() not in {"0", "no", "false"} if name == "ssl_check_hostname" else value
        for name, value in options.items()
    }
    common = {
        "kind": kind,
        "username": unquote(user) or None,
        "password": unquote(secret) or password,
        "encrypted": encrypted,
        "tls": tls,
    }
    if parts.scheme == "unix":
        return Place(socket=parts.path, db=db or 0, **common)  # type: ignore[arg-type]  # read above, one by one
    places = tuple(_host(one, _SENTINEL_PORT if kind == "sentinel" else _PORT) for one in hosts.split(",") if one)
    if not places:
        raise ValueError("it names no host")
    if kind == "server" and len(places) > 1:
        raise ValueError("several hosts are a Cluster (redis+cluster://) or Sentinels (redis+sentinel://)")
    primary = ""
    if kind == "sentinel":
        if not path:
            raise ValueError("the name of the primary is missing: redis+sentinel://host:26379/NAME")
        primary = unquote(path.pop(0))
    return Place(hosts=places, primary=primary, db=_db(path, db, kind), **common)  # type: ignore[arg-type]  # see above


def _db(path: list[str], db: int | None, kind: Kind) -> int:
    if len(path) > 1 or any(not part.isdecimal() for part in path):
        raise ValueError(f"'/{'/'.join(path)}' is no number of a database")
    number = int(path[0]) if path else db or 0
    if kind == "cluster" and number:
        raise ValueError("a Cluster has one database, 0")
    return number


def _host(text: str, port: int) -> tuple[str, int]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        rest = rest.removeprefix(":")
    else:
        host, _, rest = text.partition(":")
    if not host or (rest and not rest.isdecimal()):
        raise ValueError(f"'{text}' is no host with a port")
    number = int(rest) if rest else port
    if not 0 < number < 65536:  # noqa: PLR2004  # what a port may be
        raise ValueError(f"{number} is no port")
    return host, number
