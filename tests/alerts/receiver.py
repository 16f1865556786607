"""A server that takes alerts, as the one behind a webhook's address does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "T0KEN/of-the-webhook"  # noqa: S105 - of these tests


class Receiver(ThreadingHTTPServer):
    """What takes alerts: with that status and headers, once it may go on, or drop by drop."""

    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.status = 200
        self.headers = {}
        self.seconds_per_byte = {"head": 0, "body": 0}
        self.go_on = threading.Event()
        self.go_on.set()
        self.taken, self.ids, self.gets = [], [], 0

        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/services/{SECRET}"

    @property
    def texts(self):
        return [content["text"] for _, _, content in self.taken]

    def wait(self, seconds):
        return self._stopped.wait(seconds)

    def stop(self):
        self.go_on.set()
        self._stopped.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, self.headers["Content-Type"], json.loads(content)))
        self.server.ids.append(self.headers["Idempotency-Key"])
        self.server.go_on.wait(20)
        head = [f"HTTP/1.0 {self.server.status} said"]
        head += [f"{name}: {value}" for name, value in self.server.headers.items()]
        self._drip("head", "\r\n".join([*head, "", ""]))
        self._drip("body", "ok" * 20)

    def do_GET(self):
        """Where a redirect may lead; whoever comes here has lost what he had to tell."""
        self.server.gets += 1
        self._drip("head", "HTTP/1.0 200 OK\r\n\r\n")

    def _drip(self, part, text):
        pause = self.server.seconds_per_byte[part]
        try:
            for each in text if pause else [text]:
                self.wfile.write(each.encode())
                self.wfile.flush()
                if pause and self.server.wait(pause):
                    return
        except OSError:
            """Nobody listens any more."""

    def log_message(self, *_):
        """Nothing for the terminal."""
