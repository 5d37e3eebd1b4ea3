"""Traces: what a request set off, as one tree of spans across messages, agents, models and tools.

Off unless an endpoint is set; then every span is a shared nothing that costs a call. On, OpenTelemetry keeps the
current span in the context of the running task; between tasks it travels as W3C `traceparent` in the message. Spans
bear names, ids and figures, never the texts of people, prompts or faults.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final, Literal

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | int | float | bool
_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def known_parent(text: str | None) -> str | None:
    """What came from outside as a traceparent, if it is one; a span below anything else would begin a tree alone."""
    return text if text is not None and _TRACEPARENT.fullmatch(text) else None


class Span:
    """A span that is not recorded, and the promise of one that is."""

    def put(self, name: str, value: Value) -> None:
        """Add an attribute."""

    def rename(self, name: str) -> None:
        """Give it the name that is known only now."""

    def fail(self, why: str) -> None:
        """Mark it as failed; `why` is a code or a class, no text of anybody."""


NOTHING: Final[AbstractContextManager[Span]] = nullcontext(Span())


class Tracing:
    """Traces that are off; `RecordedTracing` has those that are on."""

    on: bool = False

    def span(self, *_args: Any, **_more: Any) -> AbstractContextManager[Span]:
        """A span around a block; see `RecordedTracing.span`. Nothing here."""
        return NOTHING

    def traceparent(self) -> str | None:
        """The current span as W3C writes it, None without one."""
        return None

    def close(self) -> None:
        """Send what is left. Blocks for some seconds at most."""


class RecordedTracing(Tracing):
    """Traces by OpenTelemetry: `tracer` is one of its own, `provider` what is flushed at the end."""

    on = True

    def __init__(self, provider: Any) -> None:
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415  # only who traces needs it
            TraceContextTextMapPropagator,
        )

        self._provider = provider
        self._tracer = provider.get_tracer("folkmoot")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self, name: str, *, kind: Kind = "internal", parent: str | None = None, aside: bool = False, **attributes: Value
    ) -> Iterator[Span]:
        """A span around a block: below `parent` (a traceparent) if one is given, else below the current one.

        It is the current one within the block, unless it stands `aside`, as it must where the block ends in another
        task than it began. A block that raises fails the span; the error passes.
        """
        from opentelemetry.trace import SpanKind, use_span  # noqa: PLC0415  # only who traces needs it

        context = self._propagator.extract({"traceparent": parent}) if parent else None
        theirs = self._tracer.start_span(name, context=context, kind=SpanKind[kind.upper()], attributes=attributes)
        span = _Recorded(theirs)
        around = nullcontext() if aside else use_span(theirs, record_exception=False, set_status_on_exception=False)
        try:
            with around:
                yield span
        except BaseException as error:
            span.fail(getattr(error, "code", None) or type(error).__name__)
            raise
        finally:
            theirs.end()

    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get("traceparent")

    def close(self) -> None:
        self._provider.shutdown()


class _Recorded(Span):
    def __init__(self, theirs: Any) -> None:
        self._theirs = theirs

    def put(self, name: str, value: Value) -> None:
        self._theirs.set_attribute(name, value)

    def rename(self, name: str) -> None:
        self._theirs.update_name(name)

    def fail(self, why: str) -> None:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415  # as above

        self._theirs.set_attribute("error.type", str(why))
        self._theirs.set_status(StatusCode.ERROR, str(why))


def exporting(
    *, endpoint: str, headers: Mapping[str, str], service: str, version: str, share: float
) -> RecordedTracing:
    """Traces that go to an OTLP endpoint over HTTP (`http://collector:4318`); `share` of the requests, 0 to 1.

    Raises `ImportError` without the extra `otel`.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415  # an extra

    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.version": version}),
        sampler=ParentBased(TraceIdRatioBased(share)),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", headers=dict(headers), timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    return RecordedTracing(provider)
