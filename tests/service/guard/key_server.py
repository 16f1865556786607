"""A real key server on a free port, with keys that come and go."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

_WRITTEN_BY = {"RS": RSAAlgorithm, "PS": RSAAlgorithm, "ES": ECAlgorithm, "Ed": OKPAlgorithm}


class KeyServer:
    def __init__(self):
        self.keys = []
        self.asked = 0
        self.status = 200
        self.body = None
        self.hold = threading.Event()
        self.hold.set()
        self._port = 0
        self.come_back()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}/keys.json"

    def publish(self, *published):
        self.keys = list(published)

    def go_down(self):
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def come_back(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def _handler(self):
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                source.asked += 1
                source.hold.wait(10)
                body = source.body or json.dumps({"keys": source.keys}).encode()
                self.send_response(source.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def published(private, kid, algorithm="RS256", **more):
    """A public key as key servers name it."""
    written = _WRITTEN_BY[algorithm[:2]].to_jwk(private.public_key(), as_dict=True)
    return {**written, "kid": kid, "use": "sig", "alg": algorithm, **more}


def signed(private, kid, algorithm="RS256", **claims):
    return jwt.encode(claims, private, algorithm=algorithm, headers={"kid": kid})
