"""Spans carry no text of exceptions."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.kit import telemetry


def test_a_failed_span_says_that_it_failed_and_not_with_what_words(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    with pytest.raises(KeyError), telemetry.span("routing referral.received.v1"):
        raise KeyError("Jamie Example")
    [span] = exporter.get_finished_spans()
    assert span.status.status_code.name == "ERROR"
    assert "Jamie" not in span.to_json()
