"""Metrics (Prometheus) and traces (OpenTelemetry, W3C trace context in Kafka headers).

Labels and span attributes take topics, codes and stages only: never a key, an id or a value.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram

EVENTS_HANDLED = Counter("saferoute_events_handled_total", "Events handled", ["topic"])
EVENTS_DEAD_LETTERED = Counter("saferoute_events_dead_lettered_total", "Events given up on", ["topic", "failure_code"])
EVENT_RETRIES = Counter("saferoute_event_retries_total", "Attempts after the first", ["topic"])
EVENT_SECONDS = Histogram("saferoute_event_seconds", "Time to handle one event", ["topic"])
OUTBOX_PUBLISHED = Counter("saferoute_outbox_published_total", "Outbox rows that Kafka confirmed")
BROKER_CONNECTED = Gauge("saferoute_broker_connected", "1 while the broker is connected")
CONSUMER_LAG = Gauge("saferoute_consumer_lag", "Records of this replica's partitions not settled yet", ["topic"])
OUTBOX_WAITING = Gauge("saferoute_outbox_waiting", "Outbox rows that Kafka has not confirmed")
OUTBOX_HEAD_SECONDS = Gauge("saferoute_outbox_head_seconds", "How long the outbox's first row has been seen waiting")
CHECK_OK = Gauge("saferoute_check_ok", "1 where a part answers that readiness rests on", ["check"])

UNKNOWN = float("nan")
"""What a gauge says that could not be measured: no comparison with it is true, and 0 would be reassurance."""

FRAMEWORK_TELEMETRY_OFF: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""For FastAPI(telemetry=...): its own spans would hold paths, its logs the exceptions themselves."""

_PROPAGATOR = TraceContextTextMapPropagator()


def start_tracing(service: str, otlp_endpoint: str | None) -> None:
    """Give this process a tracer; spans leave it only where an endpoint is configured."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"saferoute.{service}"}))
    if otlp_endpoint is not None:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint)))
    trace.set_tracer_provider(provider)


@contextlib.contextmanager
def span(name: str, traceparent: str | None = None) -> Iterator[str | None]:
    """A span below `traceparent` (or below the current one); yields the traceparent that its children carry."""
    parent = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
    tracer = trace.get_tracer("saferoute")
    with tracer.start_as_current_span(
        name, context=parent, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current_traceparent()
        except BaseException:
            current.set_status(Status(StatusCode.ERROR))  # no description: the library's own would be the text
            raise


def current_traceparent() -> str | None:
    """The W3C traceparent of the current span, or None outside any."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")
