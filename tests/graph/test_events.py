"""The assets: what is logged is collected by the job, and what came true is trained on."""

import csv
import json
import shutil

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.graph.people import new_passengers
from tests.prediction_log.lines import a_line, a_segment, an_outcome, seconds
from titanic_assets.monitoring.events.labelled import SCHEMA
from titanic_assets.sources.raw import read_sources
from titanic_assets.tables import Table
from titanic_model.schemas import PACKAGED_LIST

NOON = seconds("12:00:00")
MINE = ["prediction_events", "labelled_passengers"]


@pytest.fixture
def settings(graph):
    return graph.settings


def monitor(graph, *assets):
    """Collect, and what each check said of it."""
    run = graph.run(*(assets or MINE), job="monitoring_job")
    assert run.success
    return graph.checks(run)


def train(graph):
    """The lists are read and judged, and what each check said of it."""
    run = graph.run("raw_passengers", "quarantined_passengers", "validated_passengers")
    assert run.success
    return graph.checks(run)


def table(settings, asset):
    return settings.places.tables / f"{asset}.parquet"


def passenger(row):
    """A row of a list as the API takes it, missing values left out."""
    kinds = {"pclass": int, "sibsp": int, "parch": int, "age": float, "fare": float}
    fields = ["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked", "name", "ticket"]
    return {name: kinds.get(name, str)(row[name]) for name in fields if row[name]}


def log(settings, people, clock="12:00:00"):
    """Predictions on these people, and what really became of them."""
    lines = []
    for n, row in enumerate(people):
        name = f"{clock} {n}"
        lines.append(a_line(NOON + n, request_id=name, **passenger(row)))
        survived = bool(int(row["survived"]))
        lines.append(an_outcome(NOON + 100 + n, request_id=name, survived=survived))
    return a_segment(settings.places.prediction_log, clock, lines)


def packaged(count):
    with PACKAGED_LIST.open() as file:
        people = list(csv.DictReader(file))
    # Some whose age is not known are among them.
    return people[:count] + [row for row in people if not row["age"]][:count]


def test_monitoring_collects_and_training_reads_what_came_true(graph, settings):
    known, new = packaged(20), new_passengers(30, first=900)
    nameless = [{**row, "name": "", "ticket": ""} for row in known]
    wrong = {**new[0], "name": "Sharp, Mr. Becky", "sex": "female", "ticket": "wrong"}
    train(graph)
    log(settings, [*known, *nameless, *new, wrong])

    checks = monitor(graph)

    assert all(check.passed for check in checks.values())
    assert json.loads((settings.places.tables / "prediction_events.json").read_text()) == {
        "segments": 1, "predictions": 111, "outcomes": 111, "bad_lines": 0,
    }  # fmt: skip
    assert Table(table(settings, "labelled_passengers")).rows == 31

    checks = train(graph)

    assert all(check.passed for check in checks.values())
    validated = Table(table(settings, "validated_passengers")).to_pandas()
    outcomes = validated[validated["source"] == "outcomes"]
    assert sorted(outcomes["name"]) == sorted(row["name"] for row in new)
    assert validated["passenger_id"].is_unique
    assert len(validated) == 1309 + 30
    refused = Table(table(settings, "quarantined_passengers")).to_pandas()
    (bad,) = refused[refused["source"] == "outcomes"].to_dict("records")
    assert "title_of_male" in bad["rules"]
    # Made again, with passengers of the first time in the lists, the rows are the same.
    before = table(settings, "labelled_passengers").read_bytes()
    monitor(graph)
    assert table(settings, "labelled_passengers").read_bytes() == before


def test_bad_outcomes_do_not_stop_the_training_on_the_lists(graph, settings):
    people = new_passengers(3, first=50)
    wrong = [{**row, "name": f"X, Mr. {row['ticket']}", "sex": "female"} for row in people]
    log(settings, wrong)
    monitor(graph)
    checks = train(graph)
    assert checks["no_list_is_refused"].passed
    assert "outcomes: no row of it is valid" in checks["nothing_looks_unusual"].description
    assert Table(table(settings, "validated_passengers")).rows == 1309


def test_what_is_no_event_is_told_by_a_check_and_a_lost_file_by_another(graph, settings):
    path = log(settings, new_passengers(3))
    path.write_bytes(path.read_bytes() + b'{"kind":"pred')
    checks = monitor(graph, "prediction_events")
    assert checks["no_event_twice_or_lost"].passed
    check = checks["every_segment_was_readable"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert "1 line is no event, the first is line 7" in check.description

    next(settings.places.events.glob("outcomes/*/*.parquet")).unlink()
    checks = monitor(graph, "prediction_events")
    assert checks["every_segment_was_readable"].passed
    assert not checks["no_event_twice_or_lost"].passed
    assert "6 events came in, but 3 rows" in checks["no_event_twice_or_lost"].description


def test_a_log_that_cannot_be_read_fails_the_asset_and_says_where_it_is(graph):
    graph.use(prediction_log_uri="nosuch://log")
    run = graph.run("prediction_events", job="monitoring_job")
    assert not run.success
    (failure,) = [event for event in run.all_events if event.is_step_failure]
    assert "the prediction log at nosuch://log cannot be read" in str(
        failure.event_specific_data.error
    )


def test_raw_passengers_read_outcomes_last_and_only_where_that_is_wanted(settings, tmp_path):
    def lists(**changes):
        report = read_sources(settings.model_copy(update=changes), tmp_path / "raw.parquet", "")
        return [batch.name for batch in report.read], report.fingerprint

    without = lists()
    assert without[0] == ["titanic3.csv"]
    settings.places.tables.mkdir(parents=True)
    shutil.copy(_as_table(tmp_path, []), settings.places.tables / "labelled_passengers.parquet")
    assert lists() == without
    path = _as_table(tmp_path, new_passengers(2))
    shutil.copy(path, settings.places.tables / "labelled_passengers.parquet")
    assert lists()[0] == ["titanic3.csv", "outcomes"]
    assert lists(train_on_outcomes=False) == without


def _as_table(folder, people):
    rows = [{**passenger(row), "survived": int(row["survived"])} for row in people]
    path = folder / "labelled.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    return path
