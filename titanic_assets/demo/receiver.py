"""A webhook on this machine, for whoever has none: it shows the alerts that it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def receiving(show: Callable[[str], None]) -> Iterator[str]:
    """Within the block, texts that are posted to the address are shown."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take an alert as Slack does."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            show(str(json.loads(body)["text"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Nothing for the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/alerts"
        server.shutdown()
        thread.join()
