"""Traces: sent where an exporter is configured, and nothing of it loaded where none is."""

import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.service.serving import CHECKOUT, wait_until

UNTRACED = """
import sys
from bento_service.settings import Settings
from bento_service.tracing import traced
app = object()
assert traced(app, Settings(), "1") is app
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
CALLERS_TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def collector():
    """A collector of traces; `spans` are those it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    server.spans.extend((resource.resource, span) for span in scope.spans)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.spans = []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_requests_become_spans_of_their_callers_traces(serve, collector, monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    service = serve(otel_exporter_otlp_endpoint=collector.url)
    answer = service.predict(headers={"traceparent": f"00-{CALLERS_TRACE}-b7ad6b7169203331-01"})
    assert answer.status_code == 200
    service.client.get("/livez")
    servers = wait_until(
        lambda: [
            (resource, span)
            for resource, span in list(collector.spans)
            if span.name == "POST /api/v1/predict"
        ],
        what="the span did not come",
    )
    ((resource, span),) = servers
    assert span.trace_id.hex() == CALLERS_TRACE
    names = {attribute.key: attribute.value.string_value for attribute in resource.attributes}
    assert names["service.name"] == "titanic_survival"
    assert not any("livez" in span.name for _, span in collector.spans)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_last_spans_are_sent_before_the_end(serve, collector, end):
    service = serve(otel_exporter_otlp_endpoint=collector.url)
    for _ in range(5):
        service.predict()
    service.process.send_signal(end)
    service.process.wait(20)
    assert [span.name for _, span in collector.spans] == ["POST /api/v1/predict"] * 5


def test_a_collector_that_is_gone_does_not_hold_up_predictions(serve):
    service = serve(otel_exporter_otlp_endpoint="http://127.0.0.1:9")
    assert service.predict().status_code == 200
    began = time.monotonic()
    service.stop()
    assert time.monotonic() - began < 10


def test_without_an_exporter_nothing_of_it_is_loaded():
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            UNTRACED,
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
