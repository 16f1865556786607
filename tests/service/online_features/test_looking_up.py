"""Looking up features in a real store behind Feast's own server."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bento_service.http import Refused
from tests.service.online_features.feast_server import is_usable, wait_until
from titanic_assets.settings import CHECKOUT
from titanic_assets.training.feature_store import online_file, registry_file
from titanic_assets.training.feature_tables import open_feature_store, write_online
from titanic_model.features import FEATURE_VERSION, FEATURES
from titanic_model.online import FEATURE_VIEW, PASSENGER_ID
from titanic_model.places import Places


def vectors_of(features):
    """The vectors that the transform made, by passenger id."""
    frame = features.to_pandas()
    matrix = frame[list(FEATURES)].to_numpy(dtype=np.float32)
    return dict(zip(frame["passenger_id"].tolist(), matrix, strict=True))


def assert_found(found, expected):
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_every_passenger_has_the_vector_that_the_transform_made(run, client, features):
    expected = vectors_of(features)
    ids = list(expected)
    for first in range(0, len(ids), 100):
        part = ids[first : first + 100]
        for number, found in zip(part, run(client.lookup(part)), strict=True):
            assert_found(found, expected[number])


def test_an_unknown_passenger_is_none_and_spoils_no_neighbour(run, client, features):
    expected = vectors_of(features)
    found = run(client.lookup([16, 2**63 - 1, 1, 16]))
    assert found[1] is None
    for place, number in ((0, 16), (2, 1), (3, 16)):
        assert_found(found[place], expected[number])


def test_many_look_up_at_once(run, client, features):
    expected = vectors_of(features)

    async def all_at_once():
        return await asyncio.gather(*(client.lookup([n, n + 1]) for n in range(1, 101)))

    for number, found in enumerate(run(all_at_once()), start=1):
        assert_found(found[0], expected[number])
        assert_found(found[1], expected[number + 1])


def test_a_run_that_writes_holds_nobody_up(run, client, feast):
    database = online_file(Places(feast.home).feature_store)
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert run(client.lookup([1]))[0] is not None
        writer.execute("ROLLBACK")


def test_the_server_offers_no_way_to_write(feast):
    registry = registry_file(Places(feast.home).feature_store)
    before = registry.read_bytes()
    for path in ("/push", "/write-to-online-store", "/materialize", "/materialize-incremental"):
        assert feast.ask("POST", path, b"{}") == 404
    assert feast.ask("GET", "/chat") == 404
    assert feast.ask("GET", "/get-online-features") == 404
    assert registry.read_bytes() == before


def test_the_status_says_what_was_written_and_when(run, client, features):
    status = run(client.status())
    assert status.reachable
    assert status.problem is None
    assert status.rows == features.rows
    assert status.feature_version == FEATURE_VERSION
    assert 0 <= status.age_seconds < 600


def test_a_mistaken_question_costs_the_log_no_traceback(feast):
    question = b'{"features": ["nowhere:age"], "entities": {"passenger_id": [1]}}'
    assert feast.ask("POST", "/get-online-features", question) == 404
    wait_until(lambda: "Feature view nowhere does not exist" in feast.log.read_text())
    assert "Traceback" not in feast.log.read_text()


def test_a_killed_server_is_refused_quickly_and_used_again_when_it_is_back(run, client, feast):
    assert run(client.lookup([1]))[0] is not None

    feast.end(signal.SIGKILL)

    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(Refused, match="does not answer") as refused:
            run(client.lookup([1]))
        assert time.monotonic() - began < 0.25
        assert (refused.value.status, refused.value.kind) == (503, "features_unavailable")
    assert not run(client.status()).reachable

    feast.start()
    wait_until(feast.is_up)
    began = time.monotonic()
    while not is_usable(run, client):
        assert time.monotonic() - began < 2
    assert time.monotonic() - began < 2


def test_a_server_that_is_asked_to_end_does_at_once_and_its_successor_is_used(run, client, feast):
    assert run(client.lookup([1]))[0] is not None  # on a connection that is kept
    began = time.monotonic()
    feast.end(signal.SIGTERM)
    assert time.monotonic() - began < 3

    feast.start()
    wait_until(feast.is_up)

    assert run(client.lookup([1]))[0] is not None


WRITE = """
import sys
from pathlib import Path
from titanic_assets.training.feature_tables import write_online
from titanic_assets.tables import Table
write_online(Table(Path(sys.argv[1])), Path(sys.argv[2]))
"""


# Last, for it leaves other rows behind.
def test_what_another_process_writes_is_seen_at_once(run, client, feast, features, tmp_path):
    assert run(client.lookup([2_000])) == [None]
    table = pq.read_table(features.path)
    newcomer = table.filter(pc.field("passenger_id") == 1309)
    aged = pa.array([99.0], pa.float32())
    changed = newcomer.set_column(table.schema.get_field_index("age"), "age", aged)
    newcomer = newcomer.set_column(0, "passenger_id", pa.array([2_000], pa.int64()))
    pq.write_table(pa.concat_tables([changed, newcomer]), tmp_path / "new.parquet")
    store = Places(feast.home).feature_store

    subprocess.run(
        [sys.executable, "-c", WRITE, tmp_path / "new.parquet", store], cwd=CHECKOUT, check=True
    )

    found, newly_found = run(client.lookup([1309, 2_000]))
    assert found[FEATURES.index("age")] == 99
    assert_found(newly_found, vectors_of(features)[1309])
    assert run(client.status()).rows == 2


def test_what_is_written_where_pandas_has_used_sqlite_can_be_read(features, tmp_path):
    folder = Places(tmp_path).feature_store
    store = open_feature_store(folder, features)
    with closing(sqlite3.connect(":memory:")) as database:
        pd.DataFrame({"number": [1]}).to_sql("table_of_pandas", database)
    write_online(features, folder)
    # Numbers, as the feature server reads them in a process that pandas has not been in.
    with closing(sqlite3.connect(online_file(folder))) as database:
        kinds = database.execute("SELECT DISTINCT typeof(event_ts) FROM titanic_passenger_features")
        assert kinds.fetchall() == [("integer",)]
    found = store.get_online_features([f"{FEATURE_VIEW}:pclass"], [{PASSENGER_ID: 1}]).to_dict()
    assert found["pclass"] == [1.0]
