"""A server that says of itself what a test wants it to say, at `/metrics`."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_METRICS = """\
# HELP titanic_requests_total Requests answered.
# TYPE titanic_requests_total counter
titanic_requests_total{{route="/api/v1/predict",status="200"}} {fine}.0
titanic_requests_total{{route="/api/v1/predict",status="422"}} 3.0
titanic_requests_total{{route="/api/v1/batch_predict",status="500"}} {failed}.0
titanic_requests_total{{route="/api/v1/passengers/{{id}}",status="503"}} 999.0
titanic_requests_total{{route="/readyz",status="503"}} 999.0
# HELP titanic_live_release 1 for the releases that answer now.
# TYPE titanic_live_release gauge
"""
_LIVE = 'titanic_live_release{{model_version="{version}",release="x",variant="{variant}"}} {live}\n'


def metrics(champion="1", *, fine=0, failed=0):
    """The metrics of a service with that champion, or with several while it changes over."""
    live = [("0", "champion", 0.0), ("99", "challenger", 1.0)]
    live += [(version, "champion", 1.0) for version in champion.split()]
    return _METRICS.format(fine=fine, failed=failed) + "".join(
        _LIVE.format(version=version, variant=variant, live=value)
        for version, variant, value in live
    )


class StandIn(ThreadingHTTPServer):
    """It answers `says` with `status`, or nothing until it may `go_on`; and counts who asks."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.says = 200, metrics()
        self.go_on = threading.Event()
        self.go_on.set()
        self.asked = 0
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self):
        if self._thread.is_alive():
            self.go_on.set()
            self.shutdown()
            self._thread.join()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        self.server.go_on.wait(20)
        self.send_response(self.server.status if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(self.server.says.encode())

    def log_message(self, *_):
        """Nothing for the terminal."""
