"""The log as BentoML's own monitor, and how a service opens it."""

import json
import logging

import bentoml
import numpy as np
import pytest

from bento_service.prediction_log.log import LogState
from bento_service.prediction_log.monitor import SegmentMonitor, open_prediction_log
from bento_service.settings import Settings
from tests.service.prediction_log.logs import closed_segments, events_of, numbers_in, record
from titanic_model.events import OutcomeEvent


@pytest.fixture
def monitor(folder, request):
    """Enters `bentoml.monitor` as a user of BentoML would; one monitor in each test."""

    def enter():
        return bentoml.monitor(request.node.name, SegmentMonitor, {"uri": str(folder)})

    yield enter
    with enter() as entered:
        pass
    entered.log_of_worker.close()


def settings(folder, **others):
    return Settings(prediction_log_uri=str(folder), **others)


def rows_in(folder):
    return [event for path in closed_segments(folder) for event in events_of(path)]


def test_a_service_opens_records_closes_and_reads_the_state(folder):
    log = open_prediction_log(settings(folder, prediction_log_segment_bytes=4096), seat=1)
    assert not log.off
    assert all(record(log, range(100)))
    log.close()

    assert numbers_in(folder) == list(range(100))
    assert log.state.written == 100
    assert log.state.segments_closed > 1


def test_it_can_be_opened_again_after_it_was_closed(folder, tmp_path):
    open_prediction_log(settings(folder), seat=0).close()
    log = open_prediction_log(settings(tmp_path / "other"), seat=1)
    record(log, range(3))
    log.close()

    assert numbers_in(tmp_path / "other") == [0, 1, 2]
    assert not folder.exists()


def test_one_process_has_one_log_of_a_name(folder, tmp_path):
    log = open_prediction_log(settings(folder), seat=0)
    with pytest.raises(RuntimeError, match="close it first"):
        open_prediction_log(settings(tmp_path / "other"), seat=0)
    other = open_prediction_log(settings(tmp_path / "other"), seat=0, name="other")

    assert other is not log
    log.close()
    other.close()


def test_without_a_place_nothing_is_logged():
    log = open_prediction_log(Settings(), seat=0)

    assert log.off
    assert record(log, range(1)) == [False]
    assert log.state == LogState()
    log.close()


def test_a_url_of_a_file_is_a_folder(folder):
    log = open_prediction_log(settings(f"file://{folder}"), seat=0)
    record(log, range(2))
    log.close()

    assert numbers_in(folder) == [0, 1]


def test_values_logged_through_bentoml_become_lines(monitor, folder):
    for age in (22, 38):
        with monitor() as log:
            log.log(age, "age", "feature", "numerical")
            log.log(np.float32(0.5), "probability", "prediction", "numerical")
    log.log_of_worker.close()

    schema, *rows = rows_in(folder)
    assert schema["kind"] == "schema"
    assert [(c["name"], c["role"]) for c in schema["columns"]] == [
        ("age", "feature"),
        ("probability", "prediction"),
    ]
    assert [(row["kind"], row["age"], row["probability"]) for row in rows] == [
        ("record", 22, 0.5),
        ("record", 38, 0.5),
    ]


def test_a_batch_logged_through_bentoml_becomes_a_line_for_each_row(monitor, folder):
    with monitor() as log:
        log.log_batch([1, 2, 3], "pclass", "feature", "categorical")
        log.log_batch([0.1, 0.2, 0.3], "probability", "prediction", "numerical")
    log.log_of_worker.close()

    assert [(row["pclass"], row["probability"]) for row in rows_in(folder)[1:]] == [
        (1, 0.1),
        (2, 0.2),
        (3, 0.3),
    ]


def test_an_event_of_the_schema_may_come_through_bentoml_too(monitor, folder):
    event = OutcomeEvent(time=1.5, request_id="r", caller="me", survived=True)
    with monitor() as log:
        for name, value in event.model_dump().items():
            log.log(value, name, "target", "categorical")
    log.log_of_worker.close()

    assert OutcomeEvent.model_validate_json(json.dumps(rows_in(folder)[1])) == event


def test_an_empty_record_is_nothing_to_warn_of(monitor, folder, caplog):
    caplog.set_level(logging.WARNING)
    with monitor():
        pass
    with monitor() as log:
        log.log(1, "age", "feature", "numerical")
    log.log_of_worker.close()

    assert not caplog.records
    assert len(rows_in(folder)) == 2


def test_a_record_that_was_broken_off_does_not_spoil_the_next(monitor, folder):
    with pytest.raises(ZeroDivisionError), monitor() as log:  # noqa: PT012 - the first is kept
        log.log(1, "age", "feature", "numerical")
        log.log(1 / 0, "probability", "prediction", "numerical")
    with monitor() as log:
        log.log(2, "age", "feature", "numerical")
    log.log_of_worker.close()

    assert [row["age"] for row in rows_in(folder) if row["kind"] == "record"] == [2]


def test_columns_of_different_length_are_refused(monitor):
    with pytest.raises(ValueError, match="zip"), monitor() as log:  # noqa: PT012 - as above
        log.log_batch([1, 2], "age", "feature", "numerical")
        log.log("male", "sex", "feature", "categorical")


def test_what_anybody_logs_by_its_name_lies_beside_the_predictions(folder):
    log = open_prediction_log(settings(folder), seat=0)
    record(log, range(1))
    with bentoml.monitor("predictions") as anybody:
        anybody.log(1, "age", "feature", "numerical")
    record(log, range(1, 2))
    log.close()

    assert [row["kind"] for row in rows_in(folder)] == ["outcome", "schema", "record", "outcome"]
