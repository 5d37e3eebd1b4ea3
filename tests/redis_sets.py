"""Redis as it is run where more than one process of it is needed: with TLS, watched by a Sentinel, as a Cluster.

All real, on loopback, within a second or three. Each yields what a test wants to break; `url` is a `REDIS_URL`.
"""

import shutil
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis import Redis

from tests.redis_server import RedisServer, free_port, redis_is_installed

PRIMARY = "main"
_PATIENCE = 20.0
_SLOTS = 16_384


@dataclass(frozen=True)
class EncryptedRedis:
    """A server that speaks TLS only. `ca` is the file with the certificate that its own is signed by."""

    server: RedisServer
    ca: Path

    @property
    def url(self) -> str:
        return f"rediss://localhost:{self.server.port}/0?ssl_ca_certs={self.ca}"


@dataclass
class WatchedRedis:
    """A primary, a replica, and a Sentinel that makes the replica the primary when that is gone."""

    primary: RedisServer
    replica: RedisServer
    sentinel: RedisServer

    @property
    def url(self) -> str:
        # The first of the hosts is nobody: whoever asks for the primary must ask on.
        return f"redis+sentinel://127.0.0.1:1,127.0.0.1:{self.sentinel.port}/{PRIMARY}/0"


@dataclass
class ClusteredRedis:
    """Three primaries with a third of the slots each."""

    nodes: list[RedisServer] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(f'127.0.0.1:{node.port}' for node in self.nodes)}"


@contextmanager
def encrypted_redis() -> Iterator[EncryptedRedis]:
    """A server with a certificate for localhost, signed by a CA of its own."""
    redis_is_installed()
    with _folder() as folder, ExitStack() as started:
        ca = _certificates(folder)
        options = ["--tls-ca-cert-file", str(ca), "--tls-cert-file", str(folder / "server.pem")]
        options += ["--tls-key-file", str(folder / "server.key"), "--tls-auth-clients", "no"]
        server = RedisServer(folder, options=options, encrypted=ssl.create_default_context(cafile=str(ca)))
        _start(server, started)
        yield EncryptedRedis(server, ca)


@contextmanager
def watched_redis() -> Iterator[WatchedRedis]:
    """A primary with its replica in step, and a Sentinel that needs 0.3 s to miss it."""
    redis_is_installed()
    with _folder() as folder, ExitStack() as started:
        primary = RedisServer(_below(folder, "primary"), options=["--repl-diskless-sync-delay", "0"])
        _start(primary, started)
        replica = RedisServer(_below(folder, "replica"), options=["--replicaof", "127.0.0.1", str(primary.port)])
        _start(replica, started)
        config = _below(folder, "sentinel") / "sentinel.conf"
        config.write_text(
            f"sentinel monitor {PRIMARY} 127.0.0.1 {primary.port} 1\n"
            f"sentinel down-after-milliseconds {PRIMARY} 300\n"
            f"sentinel failover-timeout {PRIMARY} 3000\n"
        )
        sentinel = RedisServer(config.parent, config=config, options=["--sentinel"])
        _start(sentinel, started)
        with _asked(sentinel) as watch, _asked(replica) as copy:
            # It looks at a primary every ten seconds for its replicas, unless it is told to look more often.
            watch.execute_command("SENTINEL", "DEBUG", "info-period", "100")
            _until(lambda: copy.info("replication")["master_link_status"] == "up", "the replica is not in step")
            _until(lambda: bool(watch.sentinel_slaves(PRIMARY)), "the Sentinel does not know the replica")
        yield WatchedRedis(primary, replica, sentinel)


@contextmanager
def clustered_redis() -> Iterator[ClusteredRedis]:
    """Three nodes that know each other and serve every slot; what they took survives a kill."""
    redis_is_installed()
    with _folder() as folder, ExitStack() as started:
        cluster = ClusteredRedis()
        buses = [free_port() for _ in range(3)]
        for number, bus in enumerate(buses):
            options = ["--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", "1000"]
            node = RedisServer(_below(folder, f"node-{number}"), options=[*options, "--appendonly", "yes"])
            _start(node, started)
            cluster.nodes.append(node)
        with ExitStack() as asked:
            clients = [asked.enter_context(_asked(node)) for node in cluster.nodes]
            for number, client in enumerate(clients):
                first, after = number * _SLOTS // 3, (number + 1) * _SLOTS // 3
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, after - 1)
                if number:
                    client.execute_command("CLUSTER", "MEET", "127.0.0.1", cluster.nodes[0].port, buses[0])
            _until(lambda: all(_serves(client) for client in clients), "the Cluster does not serve")
        yield cluster


def _serves(client: Any) -> bool:
    info = str(client.execute_command("CLUSTER", "INFO"))
    return "cluster_state:ok" in info and "cluster_known_nodes:3" in info


def _start(server: RedisServer, started: ExitStack) -> None:
    started.callback(server.kill)
    server.start()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="folkmoot-redis-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _below(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


@contextmanager
def _asked(server: RedisServer) -> Iterator[Any]:
    client = Redis(port=server.port, decode_responses=True)
    try:
        yield client
    finally:
        client.close()


def _until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise)
        time.sleep(0.02)


def _certificates(folder: Path) -> Path:
    """`server.pem` and `server.key` in a folder, and the CA's certificate, whose path is returned."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA for tests")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    own = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    ca = _valid(ca_name, ca_name, ca_key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    served = _valid(name, ca_name, key).add_extension(own, critical=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "server.pem").write_bytes(served.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "server.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "ca.pem"


def _valid(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )
