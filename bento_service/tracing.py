"""Traces by OpenTelemetry, sent by OTLP where the settings name an endpoint.

Without one nothing of it is even imported, so that it costs nothing.
"""

from __future__ import annotations

from bento_service.http import AsgiApp
from bento_service.settings import Settings

_NOT_WORTH_A_TRACE = "livez,readyz,healthz,metrics,ui,static_content"


def traced(app: AsgiApp, settings: Settings, version: str) -> AsgiApp:
    """The application, each request of which is a span if there is somewhere to send it."""
    if settings.otel_exporter_otlp_endpoint is None:
        return app
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # The exporter reads endpoint, headers and certificates where OpenTelemetry says they are:
    # in OTEL_EXPORTER_OTLP_... . The provider sends what is left when the process ends.
    provider = TracerProvider(
        resource=Resource.create({"service.name": "titanic_survival", "service.version": version})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    middleware: AsgiApp = OpenTelemetryMiddleware(
        app,
        excluded_urls=_NOT_WORTH_A_TRACE,
        exclude_spans=["receive", "send"],
        tracer_provider=provider,
    )
    return middleware


def trace_id_of_span() -> str:
    """The trace that this request is part of; empty for one that is not worth a trace."""
    from opentelemetry.trace import format_trace_id, get_current_span

    context = get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else ""
