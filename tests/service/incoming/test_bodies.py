"""Bodies as they come over the wire: of which kind, how long, how slowly, and not at all."""

import asyncio
import json

import pytest

from bento_service.admission import WithinSeconds
from tests.service.incoming.conftest import asked
from tests.service.serving import wait_until

PREDICT = "/api/v1/predict"
JSON = "content-type: application/json"
CHUNKED = "transfer-encoding: chunked"
PASSENGER = b'{"pclass":3,"sex":"male"}'


def refused(answer, status, kind):
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["type"] == kind
    return answer.json()["error"]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", None])
@pytest.mark.parametrize("path", [PREDICT, "/api/v1/batch_predict", "/api/v1/outcomes"])
def test_a_body_that_does_not_call_itself_json_is_refused(service, path, kind):
    headers = {} if kind is None else {"content-type": kind}
    answer = service.client.post(path, content=PASSENGER, headers=headers)
    assert "application/json" in refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_called_so_in_all_the_usual_ways(service, kind):
    answer = service.client.post(PREDICT, content=PASSENGER, headers={"content-type": kind})
    assert answer.status_code == 200


def test_no_body_is_no_json(service):
    answer = service.client.post(PREDICT, headers={"content-type": "application/json"})
    refused(answer, 400, "malformed_json")


def test_one_passenger_has_16_kib_and_no_more(service):
    padded = PASSENGER.ljust(16 * 1024)
    headers = {"content-type": "application/json"}
    assert service.client.post(PREDICT, content=padded, headers=headers).status_code == 200
    answer = service.client.post(PREDICT, content=padded + b" ", headers=headers)
    assert "16,384" in refused(answer, 413, "too_large")


def test_a_body_in_chunks_is_read_whole(service, wire):
    said = wire(service).head(PREDICT, JSON, CHUNKED)
    for byte in PASSENGER:
        said.say(b"1\r\n", bytes([byte]), b"\r\n")
    answer = said.say(b"0\r\n\r\n").hear()
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_body_in_chunks_is_refused_as_soon_as_it_is_too_long(service, wire):
    said = wire(service).head(PREDICT, JSON, CHUNKED).say(b"5000\r\n", b" " * 0x5000)
    assert said.heard_status() == 413  # and the end has not come


@pytest.mark.parametrize(
    ("announced", "status"),
    [
        ("9" * 18, 413),
        ("9" * 5000, 400),
        ("-1", 400),
        ("0x10", 400),
        ("3\r\ncontent-length: 4", 400),
    ],
)
def test_a_length_that_is_none_is_refused_at_once(service, wire, announced, status):
    said = wire(service).head(PREDICT, JSON, f"content-length: {announced}")
    assert said.heard_status() == status


def test_a_body_that_is_cut_short_by_its_length_is_read_so_far(service, wire):
    said = wire(service).head(PREDICT, JSON, "content-length: 5").say(PASSENGER[:5]).hear()
    assert said.startswith(b"HTTP/1.1 400")


def test_a_refused_body_does_not_end_the_connection(service):
    for _ in range(3):
        answer = service.client.post(
            PREDICT, content=b" " * 200_000, headers={"content-type": "text/plain"}
        )
        refused(answer, 415, "unsupported_media_type")
        assert service.predict().status_code == 200


def test_who_leaves_halfway_leaves_nothing_behind(service, wire):
    def in_flight():
        return service.metrics().get("titanic_requests_in_flight", 0)

    before = service.metrics().get('titanic_errors_total{type="disconnected"}', 0)
    for _ in range(20):
        wire(service).head(PREDICT, JSON, "content-length: 25").say(PASSENGER[:9]).hang_up()
    wait_until(
        lambda: service.metrics().get('titanic_errors_total{type="disconnected"}', 0) == before + 20
    )
    wait_until(lambda: in_flight() == 0, what="requests were still in flight")
    assert service.predict().status_code == 200


@pytest.mark.parametrize("parts", [[], [b'{"pclass"'], [b"{", b'"pcl', b"ass"]])
def test_a_body_that_does_not_come_is_not_waited_for_for_ever(in_process, parts):
    async def use(front):
        coming = [{"type": "http.request", "body": part, "more_body": True} for part in parts]

        async def receive():
            if coming:
                return coming.pop(0)
            return await asyncio.Future()

        slow = asked(front, PREDICT, receive=receive)
        status, _, body = await asyncio.wait_for(slow, 10)
        good, _, _ = await asked(front, PREDICT, body=PASSENGER)
        return status, json.loads(body), good

    status, body, good = in_process(use, within=WithinSeconds(small_body=0.2))
    assert (status, body["error"]["type"], good) == (408, "too_slow", 200)
    assert "0.2 s" in body["error"]["message"]


def test_only_those_who_are_late_are_ended(in_process):
    async def use(front):
        async def late():
            return await asyncio.Future()

        async def soon():
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": PASSENGER}

        asking = [asked(front, PREDICT, receive=each) for each in (late, soon, late, soon)]
        return [status for status, _, _ in await asyncio.gather(*asking)]

    assert in_process(use, within=WithinSeconds(small_body=1)) == [408, 200, 408, 200]


def test_the_server_may_end_a_request_that_waits(in_process):
    async def use(front):
        async def never():
            return await asyncio.Future()

        waiting = asyncio.ensure_future(asked(front, PREDICT, receive=never))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return (await asked(front, PREDICT, body=PASSENGER))[0]

    assert in_process(use) == 200
