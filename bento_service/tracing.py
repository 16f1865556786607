"""Traces by OpenTelemetry, sent by OTLP where the settings name an endpoint.

Without one nothing of it is even imported, so that it costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from threading import Thread
from typing import Any

from bento_service.http import AsgiApp, Receive, Scope, Send
from bento_service.settings import Settings

_NOT_WORTH_A_TRACE = "livez,readyz,healthz,metrics,ui,static_content"
_LAST_SPANS_WITHIN_SECONDS = 3.0


def traced(app: AsgiApp, settings: Settings, version: str) -> AsgiApp:
    """The application, each request of which is a span if there is somewhere to send it."""
    if settings.otel_exporter_otlp_endpoint is None:
        return app
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # The exporter reads endpoint, headers and certificates where OpenTelemetry says they are: in
    # OTEL_EXPORTER_OTLP_...
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

    async def until_the_last(scope: Scope, receive: Receive, send: Send) -> None:
        """Send the last spans before the server hears that all has ended, and ends."""

        async def send_spans_then(message: MutableMapping[str, Any]) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await asyncio.to_thread(_send_the_last, provider.shutdown)
            await send(message)

        starting = scope["type"] == "lifespan"
        await middleware(scope, receive, send_spans_then if starting else send)

    return until_the_last


def _send_the_last(shutdown: Callable[[], None]) -> None:
    """Give it some seconds; a collector that is gone is tried for longer, and not waited for."""
    last = Thread(target=shutdown, name="last-spans", daemon=True)
    last.start()
    last.join(_LAST_SPANS_WITHIN_SECONDS)


def trace_id_of_span() -> str:
    """The trace that this request is part of; empty for one that is not worth a trace."""
    from opentelemetry.trace import format_trace_id, get_current_span

    context = get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else ""
