"""More at once than is taken: the surplus is told so, and afterwards all is well."""

import asyncio
import json
import secrets
from datetime import datetime

import pytest

from bento_service.turns import IN_ONE_TURN
from tests.service.incoming.conftest import asked
from tests.service.serving import wait_until

MOST = 4
BATCH = "/api/v1/batch_predict"
PASSENGER = b'{"pclass":3,"sex":"male"}'
LOOK = b"HEAD /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"
LARGE = 8 * 1024 * 1024


@pytest.fixture
def narrow(serve):
    return serve(max_concurrency=MOST, max_body_bytes=1024)


@pytest.fixture
def half_asked(narrow, wire):
    """Requests whose bodies do not come, more than may be answered at once."""
    head = ["content-type: application/json", f"content-length: {len(PASSENGER)}"]
    return [wire(narrow).head("/api/v1/predict", *head) for _ in range(5 * MOST)]


def test_who_waits_for_a_body_takes_nobody_elses_place(narrow, half_asked):
    wait_until(lambda: narrow.metrics()["titanic_requests_in_flight"] == len(half_asked))
    assert [narrow.predict().status_code for _ in range(20)] == [200] * 20
    for each in half_asked:
        assert each.say(PASSENGER).heard_status() == 200
    wait_until(lambda: narrow.metrics()["titanic_requests_in_flight"] == 0)


def test_a_body_is_waited_for_only_where_its_caller_may_ask(serve, wire):
    service = serve(jwt_secret=secrets.token_urlsafe(48))
    said = wire(service).head(
        "/api/v1/predict", "content-type: application/json", "content-length: 9"
    )
    assert said.heard_status() == 401


def test_the_surplus_is_refused_at_once_and_the_others_are_answered(serve, wire):
    service = serve(max_concurrency=2 * MOST)
    [worker] = service.workers()
    callers = [wire(service) for _ in range(100)]
    for each in callers:  # so that the server knows them all
        each.say(LOOK)
        assert each.heard_status() == 200
    worker.suspend()
    try:
        for each in callers:
            each.say(_post("/api/v1/predict", PASSENGER))
    finally:
        worker.resume()
    statuses = [each.heard_status() for each in callers]
    refused = statuses.count(429)
    assert set(statuses) == {200, 429}
    # As many as may be in flight are answered at once, and as many wait for the next turn.
    assert statuses.count(200) >= 4 * MOST
    assert refused >= 20
    metrics = service.metrics()
    assert metrics['titanic_errors_total{type="overloaded"}'] == refused
    again = service.predict()
    assert again.status_code == 200
    wait_until(lambda: service.metrics()["titanic_requests_in_flight"] == 0)


def test_a_refusal_says_what_to_do_and_others_look_after_the_service(in_process):
    async def use(front):
        asking = [asked(front, "/api/v1/predict", body=PASSENGER) for _ in range(400)]
        looking = asked(front, "/readyz", method="GET")
        *answers, ready = await asyncio.gather(*asking, looking)
        return answers, ready[0]

    answers, ready = in_process(use)
    statuses = [status for status, _, _ in answers]
    # Those of the loop's first turn, and 256 in flight while they wait for theirs.
    answered = IN_ONE_TURN + 256
    assert (statuses.count(200), statuses.count(429), ready) == (answered, 400 - answered, 200)
    _, headers, body = next(answer for answer in answers if answer[0] == 429)
    error = json.loads(body)["error"]
    assert set(error) == {"type", "message", "request_id", "time"}
    assert error["type"] == "overloaded"
    assert datetime.fromisoformat(error["time"]).tzinfo is not None
    assert headers[b"x-request-id"].decode() == error["request_id"]
    assert headers[b"retry-after"] == b"1"


def test_bodies_that_wait_do_not_fill_the_memory_nor_one_caller_its_whole(in_process):
    async def use(front):
        release = asyncio.Event()

        def stalling():
            pieces = iter([b'{"passengers":[]' + b" " * (LARGE - 17), b"}"])

            async def receive():
                piece = next(pieces)
                if piece == b"}":
                    await release.wait()
                return {"type": "http.request", "body": piece, "more_body": piece != b"}"}

            return receive

        def batch(address, receive=None):
            return asked(front, BATCH, body=b'{"passengers":[]}', receive=receive, address=address)

        async def stall(address):
            waiting = [asyncio.ensure_future(batch(address, stalling())) for _ in range(4)]
            await asyncio.sleep(0.01)
            return waiting

        waiting = await stall("127.0.0.1")
        same = await batch("127.0.0.1")
        other = await batch("127.0.0.2")
        waiting += await stall("127.0.0.2")
        third = await batch("127.0.0.3")
        release.set()
        good = [status for status, _, _ in await asyncio.gather(*waiting)]
        again = await batch("127.0.0.1")
        return same, other[0], third[0], good, again[0]

    same, other, third, good, again = in_process(use)
    assert same[0] == 429
    assert json.loads(same[2])["error"]["type"] == "overloaded"
    # What is left in all has room for a byte each, which is too little for the third.
    assert (other, third) == (200, 429)
    assert (good, again) == ([200] * 8, 200)


def _post(path, body):
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
