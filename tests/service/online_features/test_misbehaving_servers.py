"""Feature servers that are slow, talk nonsense or hold other features."""

import asyncio
import logging
import time
from base64 import b64encode

import numpy as np
import pytest

from bento_service.http import Refused
from tests.service.online_features.feast_server import is_usable
from titanic_model.features import FEATURE_VERSION, FEATURES, derive_row

KNOWN = derive_row({"pclass": 3, "sex": "male", "age": None, "fare": 7.25})
UNKNOWN = [None] * len(FEATURES)


def an_answer(ids, *vectors, version=FEATURE_VERSION, **changed):
    """What Feast would say about these passengers."""
    versions = [None if vector is UNKNOWN else version for vector in vectors]
    columns = {
        "passenger_id": ids,
        "feature_version": versions,
        **{
            feature: [number(vector[place]) for vector in vectors]
            for place, feature in enumerate(FEATURES)
        },
        **changed,
    }
    return {
        "metadata": {"feature_names": list(columns)},
        "results": [
            {
                "values": values,
                "statuses": ["PRESENT" if v is not None else "NOT_FOUND" for v in values],
            }
            for values in columns.values()
        ],
    }


def number(value):
    return None if value is None or np.isnan(value) else float(value)


def refusal_of(run, client):
    with pytest.raises(Refused) as refused:
        run(client.lookup([1]))
    assert (refused.value.status, refused.value.kind) == (503, "features_unavailable")
    assert (b"retry-after", b"1") in refused.value.headers
    return refused.value


def seconds_of_refusal(run, client):
    began = time.monotonic()
    refusal_of(run, client)
    return time.monotonic() - began


def test_the_columns_may_come_in_any_order(run, client_of, impostor):
    answer = an_answer([1, 2], KNOWN, UNKNOWN)
    for part in (answer["metadata"]["feature_names"], answer["results"]):
        part.reverse()
    impostor.says(answer)

    found, missing = run(client_of(impostor.url).lookup([1, 2]))

    np.testing.assert_array_equal(found, KNOWN)
    assert missing is None


def test_a_value_whose_status_is_not_present_counts_as_missing(run, client_of, impostor):
    answer = an_answer([1], KNOWN)
    place = answer["metadata"]["feature_names"].index("fare")
    answer["results"][place]["statuses"] = ["OUTSIDE_MAX_AGE"]
    impostor.says(answer)

    (found,) = run(client_of(impostor.url).lookup([1]))

    assert np.isnan(found[FEATURES.index("fare")])


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 200),
        (b"<html>the wrong port</html>", 200),
        (b"[" * 100_000, 200),
        (b"\xff\xfe", 200),
        ([], 200),
        ({}, 200),
        ({"metadata": {"feature_names": []}, "results": []}, 200),
        ({"metadata": None, "results": None}, 200),
        (an_answer([2], KNOWN), 200),
        (an_answer([1, 1], KNOWN, KNOWN), 200),
        (an_answer([1], KNOWN, fare=["7.25"]), 200),
        (an_answer([1], KNOWN, fare=[True]), 200),
        (an_answer([1], KNOWN, fare=[7.25, 8.0]), 200),
        (an_answer([1], KNOWN, fare=[[7.25]]), 200),
        (an_answer([1], KNOWN, fare=[10**400]), 200),
        (an_answer([1], KNOWN, fare=[1e39]), 200),
        (an_answer([1], KNOWN, fare=[float("inf")]), 200),
        ("Feature view passenger_features does not exist", 404),
        ("'Feature feature_version not found'", 500),
        (an_answer([1], KNOWN), 307),
    ],
)
def test_nonsense_is_refused(run, client_of, impostor, content, status):
    impostor.says(content, status)
    client = client_of(impostor.url)

    assert "of no use" in refusal_of(run, client).message
    said = run(client.status())
    assert said.reachable
    assert said.problem

    impostor.says(an_answer([1], KNOWN))
    assert run(client.lookup([1]))[0] is not None


@pytest.mark.parametrize("version", [FEATURE_VERSION + 1, None])
def test_features_of_another_version_are_refused(run, client_of, impostor, version):
    impostor.says(an_answer([1], KNOWN, version=version))

    message = refusal_of(run, client_of(impostor.url)).message

    assert f"version {version}, needed are those of version {FEATURE_VERSION}" in message


def test_a_password_in_the_address_is_sent_and_not_logged(run, client_of, impostor, caplog):
    caplog.set_level(logging.DEBUG)
    impostor.says(an_answer([1], KNOWN))

    run(client_of(impostor.url.replace("://", "://ann:hush%21@")).lookup([1]))

    assert impostor.authorization == f"Basic {b64encode(b'ann:hush!').decode()}"
    assert "hush" not in caplog.text


def test_a_server_that_hangs_costs_one_caller_the_wait(run, client_of, impostor):
    impostor.hangs = True
    client = client_of(impostor.url, timeout=0.5)

    assert 0.45 < seconds_of_refusal(run, client) < 1
    assert max(seconds_of_refusal(run, client) for _ in range(20)) < 0.1
    assert impostor.asked == 1
    assert not run(client.status()).reachable


def test_a_server_that_drips_is_given_up_in_time(run, client_of, impostor):
    impostor.says(an_answer([1], KNOWN))
    impostor.drips = True

    assert 0.45 < seconds_of_refusal(run, client_of(impostor.url, timeout=0.5)) < 1


def test_one_caller_tries_for_all_whether_it_is_back(run, client_of, impostor):
    impostor.hangs = True
    client = client_of(impostor.url, timeout=0.5)
    refusal_of(run, client)
    asked = impostor.asked

    async def all_at_once():
        await asyncio.sleep(0.6)  # the pause after a failure
        tries = (client.lookup([1]) for _ in range(30))
        return await asyncio.gather(*tries, return_exceptions=True)

    assert all(isinstance(each, Refused) for each in run(all_at_once()))
    assert impostor.asked == asked + 1

    impostor.hangs = False
    impostor.says(an_answer([1], KNOWN))
    began = time.monotonic()
    while not is_usable(run, client):
        assert time.monotonic() - began < 2


def test_a_caller_who_leaves_while_trying_holds_the_others_up_for_a_moment_only(
    run, client_of, impostor
):
    impostor.hangs = True
    client = client_of(impostor.url, timeout=0.3)
    refusal_of(run, client)

    async def leave():
        await asyncio.sleep(0.55)
        trying = asyncio.create_task(client.lookup([1]))
        await asyncio.sleep(0.05)
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)

    run(leave())
    impostor.hangs = False
    impostor.says(an_answer([1], KNOWN))
    began = time.monotonic()
    while not is_usable(run, client):
        assert time.monotonic() - began < 2


def test_what_is_wrong_is_logged_once_with_its_cause(run, client_of, impostor, caplog):
    impostor.says("'no such view'", 404)
    client = client_of(impostor.url)
    with caplog.at_level(logging.WARNING, logger="bento_service"):
        for _ in range(5):
            assert "no such view" not in refusal_of(run, client).message
        impostor.says(an_answer([1], KNOWN))
        for _ in range(5):
            run(client.lookup([1]))

    complaint, relief = [record.getMessage() for record in caplog.records]
    assert "it answers 404" in complaint
    assert "no such view" in complaint
    assert "can be used again" in relief


def test_an_address_that_is_none_is_refused(run, client_of):
    refusal_of(run, client_of("localhost:6566"))
