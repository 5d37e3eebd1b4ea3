"""One request, a chain of agents behind it: one tree of spans to the last of them, in whatever process each lives."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from folkmoot.agents import BaseAgent
from folkmoot.kernel import SimulatedClock, SystemClock
from folkmoot.messaging import AgentMessage, Reply
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.middleware import Retry
from folkmoot.messaging.middleware.trace import Trace
from folkmoot.messaging.retry import RetryPolicy
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics
from folkmoot.telemetry.traces import RecordedTracing, known_parent
from folkmoot.web import Measuring
from tests.agents.conftest import house as house  # noqa: PLC0414  # a fixture of the agents' tests, used as one here
from tests.agents.house import House, definition
from tests.waiting import wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
PATIENCE = timedelta(seconds=20)


@dataclass
class Process:
    """What one process has: a broker and traces of its own."""

    broker: EmbeddedBroker
    tracing: RecordedTracing
    spans: InMemorySpanExporter


class Staff:
    """Who is meant by the one selector of these tests."""

    async def fitting(self, selector: str, *, sender: str | None = None) -> Sequence[str]:  # noqa: ARG002  # all may
        return ["dora", "emil"] if selector == "role:reader" else []


@pytest.fixture
async def processes(tmp_path: Path, clock: SimulatedClock, database: Database) -> AsyncIterator["Processes"]:
    """Processes that follow each other at one journal."""
    made = Processes(tmp_path / "traced.db", Inbox(database=database, clock=clock))
    yield made
    await made.stop()


class Processes:
    """`start` ends the process before and begins the next."""

    def __init__(self, journal: Path, inbox: Inbox) -> None:
        self._journal = journal
        self._inbox = inbox
        self._now: Process | None = None

    async def start(self) -> Process:
        await self.stop()
        spans, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(spans))
        tracing = RecordedTracing(provider)
        broker = EmbeddedBroker(
            journal=self._journal,
            clock=SystemClock(),
            inbox=self._inbox,
            directory=Staff(),
            middleware=[Trace(tracing), Retry(RetryPolicy(first_delay=timedelta(milliseconds=1)))],
        )
        await broker.start()
        self._now = Process(broker, tracing, spans)
        return self._now

    async def stop(self) -> None:
        if self._now is not None:
            await self._now.broker.stop()
            self._now.tracing.close()
            self._now = None


class Asks(BaseAgent):
    """Asks the next of the chain, whose name is in the message, and adds its own to the answer."""

    async def handle_consult(self, message: AgentMessage) -> Reply:
        chain = message.payload.data["chain"]
        if not chain:
            return {"heard": [self.agent_id]}
        reply = await self.send_message(
            chain[0], "consult", {"chain": chain[1:]}, wait_for_response=True, timeout=PATIENCE
        )
        assert isinstance(reply, AgentMessage)
        return {"heard": [self.agent_id, *reply.payload.data["heard"]]}


class Tells(BaseAgent):
    """Fails the first time, then tells every reader."""

    failed = False

    async def handle_notification(self, message: AgentMessage) -> Reply:
        if not self.failed:
            self.failed = True
            raise RuntimeError("not yet")
        copy = AgentMessage(sender_id=self.agent_id, recipient_id="role:reader", intent="share_insights")
        await self.context.broker.broadcast(copy)
        return {"told": message.intent}


class Reads(BaseAgent):
    async def handle_share_insights(self, message: AgentMessage) -> Reply:
        return {"read": message.message_id}


async def hosted(house: House, process: Process, kind: type[BaseAgent], *names: str) -> None:
    for name in names:
        await kind(definition(name), context=replace(house.context, broker=process.broker)).initialize()


def face(process: Process) -> httpx.AsyncClient:
    """A client of a small HTTP face over the broker, measured as the real one is."""

    async def ask(request: Request) -> JSONResponse:
        message = AgentMessage.model_validate_json(await request.body())
        reply = await process.broker.request(message, timeout=PATIENCE)
        return JSONResponse({"reply": reply.payload.data, "trace": reply.trace})

    async def send(request: Request) -> JSONResponse:
        await process.broker.publish(AgentMessage.model_validate_json(await request.body()))
        return JSONResponse({})

    app = Starlette(routes=[Route("/ask", ask, methods=["POST"]), Route("/send", send, methods=["POST"])])
    measured = Measuring(app, metrics=Metrics(), tracing=process.tracing)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=measured), base_url="http://folkmoot")


def message(recipient: str, intent: str, **fields: object) -> str:
    return AgentMessage.model_validate(
        {"sender_id": "somebody", "recipient_id": recipient, "intent": intent, **fields}
    ).model_dump_json()


def to(span: ReadableSpan) -> str:
    attributes = span.attributes or {}
    return str(attributes.get("messaging.destination.name", span.name))


def above(span: ReadableSpan, spans: Sequence[ReadableSpan]) -> list[str]:
    """Whose handling, or which request, stands above a span; the nearest first."""
    known = {one.context.span_id: one for one in spans if one.context is not None}
    names = []
    while span.parent is not None and span.parent.span_id in known:
        span = known[span.parent.span_id]
        names.append(to(span))
    return names


def traces(spans: Sequence[ReadableSpan]) -> set[str]:
    return {f"{one.context.trace_id:032x}" for one in spans if one.context is not None}


async def test_a_chain_of_agents_is_one_tree_from_the_request_to_the_last(house: House, processes: Processes) -> None:
    process = await processes.start()
    await hosted(house, process, Asks, "anna", "ben", "cleo")
    async with face(process) as client:
        answer = await client.post(
            "/ask",
            content=message("anna", "consult", payload={"data": {"chain": ["ben", "cleo"]}}),
            headers={"traceparent": PARENT},
        )
    assert answer.json()["reply"] == {"heard": ["anna", "ben", "cleo"]}
    assert known_parent(answer.json()["trace"])
    spans = process.spans.get_finished_spans()
    assert traces(spans) == {TRACE}
    (cleo,) = (one for one in spans if to(one) == "cleo")
    assert above(cleo, spans) == ["ben", "anna", "POST /ask"]
    (request,) = (one for one in spans if to(one) == "POST /ask")
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "00f067aa0ba902b7"


async def test_copies_of_a_broadcast_and_repeated_attempts_are_in_the_tree(house: House, processes: Processes) -> None:
    process = await processes.start()
    await hosted(house, process, Tells, "anna")
    await hosted(house, process, Reads, "dora", "emil")
    async with face(process) as client:
        await client.post("/send", content=message("anna", "notification"), headers={"traceparent": PARENT})

    def placed() -> dict[str, list[list[str]]]:
        spans = process.spans.get_finished_spans()
        return {reader: [above(one, spans) for one in spans if to(one) == reader] for reader in ("dora", "emil")}

    # Each once, below the attempt that sent it, which may end after what it sent was read.
    await wait_until(lambda: all(one == [["anna", "POST /send"]] for one in placed().values()))
    spans = process.spans.get_finished_spans()
    assert traces(spans) == {TRACE}
    assert [above(one, spans) for one in spans if to(one) == "anna"] == [["POST /send"], ["POST /send"]]


async def test_the_tree_goes_on_in_the_process_that_takes_over(house: House, processes: Processes) -> None:
    first = await processes.start()
    async with face(first) as client:
        body = message("anna", "consult", payload={"data": {"chain": ["ben"]}})
        await client.post("/send", content=body, headers={"traceparent": PARENT})
    sent = first.spans.get_finished_spans()
    second = await processes.start()
    await hosted(house, second, Asks, "ben", "anna")
    await wait_until(lambda: len(second.spans.get_finished_spans()) == 2)
    handled = second.spans.get_finished_spans()
    assert traces([*sent, *handled]) == {TRACE}
    (ben,) = (one for one in handled if to(one) == "ben")
    assert above(ben, [*sent, *handled]) == ["anna", "POST /send"]


@pytest.mark.parametrize("given", ["", "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"01-{TRACE}-x-01"])
async def test_what_is_no_traceparent_breaks_no_tree(house: House, processes: Processes, given: str) -> None:
    process = await processes.start()
    await hosted(house, process, Reads, "dora")
    async with face(process) as client:
        body = message("dora", "share_insights", trace=given)
        await client.post("/ask", content=body, headers={"traceparent": PARENT})
    spans = process.spans.get_finished_spans()
    assert len(spans) == 2
    assert traces(spans) == {TRACE}


async def test_two_requests_at_once_stay_apart(house: House, processes: Processes) -> None:
    process = await processes.start()
    await hosted(house, process, Asks, "anna", "ben")
    other = TRACE[::-1]
    async with face(process) as client:
        body = {"payload": {"data": {"chain": ["ben"]}}}
        await asyncio.gather(
            *(
                client.post("/ask", content=message("anna", "consult", **body), headers={"traceparent": parent})
                for parent in (PARENT, PARENT.replace(TRACE, other))
            )
        )
    spans = process.spans.get_finished_spans()
    assert {above(one, spans)[0] for one in spans if to(one) == "ben"} == {"anna"}
    by_trace = {trace: [one for one in spans if traces([one]) == {trace}] for trace in (TRACE, other)}
    assert [len(one) for one in by_trace.values()] == [3, 3]
