"""Something that answers as Feast's feature server does, with three passengers."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import isnan

from titanic_model.features import FEATURE_VERSION, FEATURES, derive_row
from titanic_model.online import PASSENGER_ID, VERSION_FIELD

PASSENGERS = {
    1: {"pclass": 1, "sex": "female", "age": 29.0, "fare": 211.3375, "embarked": "S"},
    2: {"pclass": 3, "sex": "male", "age": None, "fare": 7.75, "embarked": "Q"},
    3: {"pclass": 2, "sex": "male", "age": 54.0, "fare": 26.0, "embarked": "S"},
}


def _is_nan(value):
    return isinstance(value, float) and isnan(value)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ids = question["entities"][PASSENGER_ID]
        vectors = {
            number: dict(zip(FEATURES, derive_row(passenger).tolist(), strict=True))
            | {VERSION_FIELD: FEATURE_VERSION}
            for number, passenger in PASSENGERS.items()
        }
        names = [PASSENGER_ID, *(feature.partition(":")[2] for feature in question["features"])]
        columns = [ids, *([vectors.get(n, {}).get(name) for n in ids] for name in names[1:])]
        answer = {
            "metadata": {"feature_names": names},
            "results": [
                {
                    "values": ["NaN" if _is_nan(value) else value for value in column],
                    "statuses": ["NOT_FOUND" if value is None else "PRESENT" for value in column],
                }
                for column in columns
            ],
        }
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def feature_server():
    """Its address, while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
