"""More at once than is taken: the surplus is told so, and afterwards all is well."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service.incoming.conftest import asked
from tests.service.serving import wait_until

MOST = 4
BATCH = "/api/v1/batch_predict"
PASSENGER = b'{"pclass":3,"sex":"male"}'


@pytest.fixture
def narrow(serve):
    return serve(max_concurrency=MOST, max_body_bytes=1024)


def test_the_surplus_is_refused_and_nobody_else(narrow, wire):
    head = ["content-type: application/json", f"content-length: {len(PASSENGER)}"]
    waiting = [wire(narrow).head("/api/v1/predict", *head) for _ in range(MOST)]
    wait_until(lambda: narrow.predict().status_code == 429)
    refused = narrow.predict()
    assert refused.json()["error"]["type"] == "overloaded"
    assert refused.headers["retry-after"] == "1"
    # Those who look after the service are let in.
    assert narrow.client.get("/readyz").status_code == 200
    assert narrow.metrics()['titanic_errors_total{type="overloaded"}'] >= 1
    for each in waiting:
        assert each.say(PASSENGER).heard_status() == 200
    with ThreadPoolExecutor(MOST) as callers:
        again = list(callers.map(lambda _: narrow.predict().status_code, range(MOST)))
    assert again == [200] * MOST


def test_all_that_arrive_at_once_are_counted(in_process):
    async def use(front):
        asking = [asked(front, "/api/v1/predict", body=PASSENGER) for _ in range(300)]
        return [status for status, _, _ in await asyncio.gather(*asking)]

    statuses = in_process(use)
    assert statuses.count(200) == 256
    assert statuses.count(429) == 44


def test_bodies_that_wait_do_not_fill_the_memory(in_process):
    async def use(front):
        release = asyncio.Event()

        async def held():
            await release.wait()
            return {"type": "http.request", "body": b'{"passengers":[]}'}

        large = (b"content-length", b"%d" % (8 * 1024 * 1024))
        waiting = [
            asyncio.ensure_future(asked(front, BATCH, headers=[large], receive=held))
            for _ in range(8)
        ]
        await asyncio.sleep(0.01)
        small = (b"content-length", b"17")
        refused = await asked(front, BATCH, headers=[small], body=b'{"passengers":[]}')
        release.set()
        good = [status for status, _, _ in await asyncio.gather(*waiting)]
        again = await asked(front, BATCH, headers=[small], body=b'{"passengers":[]}')
        return refused, good, again[0]

    refused, good, again = in_process(use)
    assert refused[0] == 429
    assert json.loads(refused[2])["error"]["type"] == "overloaded"
    assert (good, again) == ([200] * 8, 200)
