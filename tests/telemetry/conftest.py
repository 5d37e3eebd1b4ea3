"""One real server that is watched: its log in a file, its traces to a receiver of ours, its models a stub."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.serving import Served, serve
from tests.stub_model import StubModel, serving

CANARY = "canary-7f3b"  # stands in every secret
KEY = f"sk-{CANARY}-model-key"
TEAM = """
workplace: {name: watched}
agents:
  - {agent_id: manager, name: Manager, type: manager, role: Task manager}
  - agent_id: helios
    name: Helios
    role: Fitness coach
    capabilities: {fitness: 0.9, sleep: 0.8}
    memory_scopes: [wellness]
  - agent_id: ceres
    name: Ceres
    role: Nutritionist
    capabilities: {nutrition: 0.9}
    memory_scopes: [wellness]
"""


@dataclass(frozen=True)
class SeenSpan:
    """A span as it came over the wire; ids in hexadecimal."""

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    failed: bool
    attributes: dict[str, str]


@dataclass
class Collector:
    """An OTLP receiver over HTTP on a loopback port."""

    url: str = ""
    spans: list[SeenSpan] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        assert path == "/v1/traces"
        self.headers.append(headers)
        self.raw.append(body)
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += [
                    SeenSpan(
                        name=one.name,
                        trace=one.trace_id.hex(),
                        id=one.span_id.hex(),
                        parent=one.parent_span_id.hex(),
                        kind=one.kind,
                        failed=one.status.code == 2,
                        attributes={pair.key: pair.value.string_value for pair in one.attributes},
                    )
                    for one in scope.spans
                ]


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.take(self.path, dict(self.headers), body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, name="collector")
    thread.start()
    yield made
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="session")
def watched_model() -> Iterator[StubModel]:
    with serving(StubModel()) as stub:
        yield stub


@dataclass(frozen=True)
class Watched:
    """The server, its log file, what it asks and where its traces go."""

    server: Served
    log_file: Path
    model: StubModel
    collector: Collector


@pytest.fixture(scope="session")
def watched(
    tmp_path_factory: pytest.TempPathFactory, watched_model: StubModel, collector: Collector
) -> Iterator[Watched]:
    """Started once; it has done a task, a chat, an import of knowledge and a refused request when tests see it."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "team.yaml").write_text(TEAM)
    (folder / "prices.yaml").write_text("openai:stub-small: {input: 10, output: 10}\n")
    log_file = folder / "log.jsonl"
    served = serve(
        folder / "home",
        MODEL="openai:stub-small",
        OPENAI_BASE_URL=watched_model.base_url,
        OPENAI_API_KEY=KEY,
        MODEL_PRICES_FILE=str(folder / "prices.yaml"),
        WORKPLACE_FILE=str(folder / "team.yaml"),
        BUDGET_WORKPLACE="5 usd a day",
        LOG_FILE=str(log_file),
        DEBUG="true",
        JWT_SECRET=f"{CANARY}-jwt-secret-that-is-long-enough",
        CRM_API_KEY=f"{CANARY}-crm",
        EMAIL_API_KEY=f"SG.{CANARY}.mail-key",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_HEADERS=f"x-collector-key={CANARY}-collector",
    )
    yield Watched(server=served, log_file=log_file, model=watched_model, collector=collector)
    served.stop()
