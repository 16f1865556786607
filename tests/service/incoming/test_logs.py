"""The log: JSON by the line, each line found by its request, and no secret in any."""

import json
import logging
import subprocess
import sys

import pytest

from bento_service.http import Answer, trace_id_of
from bento_service.logs import JsonLines
from bento_service.routes import Route
from tests.service.incoming.conftest import SECRET, asked
from tests.service.serving import CHECKOUT, wait_until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
ALWAYS = {"time", "level", "event", "request_id", "trace_id", "model_version"}


def lines(service):
    """What the worker wrote; the rest is of the command that started it."""
    return [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]


def access(service, request_id):
    def found():
        return [
            line
            for line in lines(service)
            if line["event"] == "request" and line["request_id"] == request_id
        ]

    return wait_until(found)


def test_each_line_of_the_worker_is_one_object_with_what_is_always_there(strict):
    strict.predict()
    strict.client.get("/", headers={"authorization": ""})
    wait_until(lambda: len(lines(strict)) > 2)
    assert all(line.keys() >= ALWAYS for line in lines(strict))
    others = [line for line in strict.log.splitlines() if not line.startswith("{")]
    assert all("[cli]" in line for line in others), others


def test_a_request_is_one_line(strict):
    strict.predict(
        pclass=4,
        headers={"X-Request-ID": "one-line", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"},
    )
    (line,) = access(strict, "one-line")
    assert (line["method"], line["path"], line["status"]) == ("POST", "/api/v1/predict", 422)
    assert (line["trace_id"], line["model_version"], line["caller"]) == (TRACE, "1", "tester")
    assert 0 < line["milliseconds"] < 10_000


def test_pages_of_bentoml_are_logged_alike(strict):
    answer = strict.client.get("/", headers={"X-Request-ID": "a-page"})
    assert answer.headers["x-request-id"] == "a-page"
    (line,) = access(strict, "a-page")
    assert (line["path"], line["status"]) == ("/", 200)


def test_a_line_does_not_grow_with_the_path(strict):
    strict.client.get("/" + "x" * 5000, headers={"X-Request-ID": "long-path"})
    (line,) = access(strict, "long-path")
    assert len(line["path"]) == 200


def test_no_token_and_no_secret_are_in_the_log(strict):
    bad = strict.token[:-4] + "AAAA"
    strict.predict(headers={"authorization": f"Bearer {bad}"})
    strict.client.get(f"/nothing?token={strict.token}", headers={"X-Request-ID": "the-last"})
    access(strict, "the-last")
    signature = strict.token.split(".")[1]
    assert signature not in strict.log
    assert SECRET not in strict.log


def test_what_libraries_ask_elsewhere_is_not_logged(service):
    program = (
        "import sys, httpx\n"
        "from bento_service.logs import log_as_json\n"
        "log_as_json('DEBUG')\n"
        "httpx.get(sys.argv[1], trust_env=False).raise_for_status()"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, f"{service.url}/livez?key=hush"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout == ""


def test_without_the_setting_requests_are_not_logged(service):
    service.predict(headers={"X-Request-ID": "not-logged"})
    service.predict(headers={"X-Request-ID": "not-logged"})
    assert "not-logged" not in service.log


def test_a_prediction_is_logged_under_its_trace(strict):
    header = {"traceparent": PARENT, "X-Request-ID": "traced"}
    assert strict.predict(headers=header).status_code == 200
    strict.client.post(
        "/api/v1/batch_predict",
        json={"passengers": [{"pclass": 1, "sex": "male"}]},
        headers={**header, "X-Request-ID": "traced-batch"},
    )

    def events():
        written = [
            json.loads(line)
            for path in strict.predictions.rglob("*")
            if path.is_file()
            for line in path.read_text().splitlines()
            if '"traced' in line
        ]
        return written if len(written) == 2 else None

    assert [event["trace_id"] for event in wait_until(events)] == [TRACE, TRACE]


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (PARENT, TRACE),
        (f"cc-{TRACE}-b7ad6b7169203331-01-what-comes-later", TRACE),
        (f"00-{TRACE}-b7ad6b7169203331-01-more", ""),
        (f"ff-{TRACE}-b7ad6b7169203331-01", ""),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", ""),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (f"00-{TRACE[1:]}-b7ad6b7169203331-01", ""),
        ("", ""),
        ("00", ""),
        ("x" * 10_000, ""),
    ],
)
def test_only_a_whole_traceparent_names_a_trace(header, trace):
    assert trace_id_of(header.encode()) == trace


def test_what_breaks_is_logged_under_its_request_and_told_to_nobody(in_process, caplog):
    async def broken(request):
        raise RuntimeError(f"the fault in {request.path}")

    async def fine(_request):
        return Answer(b"{}")

    async def use(front):
        wrong = await asked(front, "/broken", headers=[(b"x-request-id", b"it-broke")])
        return wrong, await asked(front, "/fine")

    routes = [Route("/broken", {"POST": broken}), Route("/fine", {"POST": fine})]
    (status, headers, body), after = in_process(use, *routes)
    assert (status, after[0]) == (500, 200)
    assert headers[b"x-request-id"] == b"it-broke"
    error = json.loads(body)["error"]
    assert (error["type"], error["request_id"]) == ("internal", "it-broke")
    assert b"fault" not in body
    assert b"Traceback" not in body
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    line = json.loads(JsonLines().format(record))
    assert (line["event"], line["request_id"]) == ("internal error", "it-broke")
    assert "the fault in /broken" in line["exception"]
    assert line["model_version"] == "1"


def test_a_line_stays_one_line_whatever_is_in_it():
    record = logging.makeLogRecord({"msg": "a\nb\u2028\ud800", "caller": object()})
    text = JsonLines().format(record)
    assert len(text.splitlines()) == 1
    assert json.loads(text)["event"] == "a\nb\u2028\ud800"
