"""A list that is refused reaches people with its name and the reason, once."""

import dagster as dg
import pytest
from pydantic import SecretStr

from tests.alerts.receiver import Receiver
from tests.graph.people import new_passengers
from titanic_assets.automation.failures import failure_alert_sensor


def look_at(graph, run):
    """What the daemon does with a failed run."""
    (event,) = [event for event in run.all_events if event.is_run_failure]
    context = dg.build_run_status_sensor_context(
        "failure_alert_sensor",
        event,
        graph.instance,
        graph.instance.get_run_by_id(run.run_id),
        resources={"settings": graph.settings},
    )
    return failure_alert_sensor(context.for_run_failure())


@pytest.fixture
def receiver(graph):
    server = Receiver()
    graph.use(slack_webhook_url=SecretStr(server.url))
    yield server
    server.stop()


def test_refused_lists_are_told_by_name_and_reason(graph, receiver):
    graph.land("bad.csv", new_passengers(5) + new_passengers(5, first=99, age="old"))
    refused = graph.run("raw_passengers", "validated_passengers", "quarantined_passengers")
    look_at(graph, refused)
    look_at(graph, refused)
    (graph.places.landing / "letter.csv").write_text("Dear Sir,\nI was not aboard.\n")
    look_at(graph, graph.run("raw_passengers"))

    judged, read = receiver.texts
    assert judged.startswith("[warning] A passenger list was refused\ntraining_job failed at ")
    assert "bad.csv is refused: 5 of its 10 rows are bad" in judged
    assert "the service answers as before" in judged
    assert "mend the list and land it again" in judged
    assert f"Run: http://localhost:3000/runs/{refused.run_id}" in judged
    assert "Report: http://localhost:5000/#/experiments/" in judged
    assert read.startswith("[warning] A passenger list was refused\n")
    assert "letter.csv" in read


def test_a_source_that_is_out_of_reach_is_a_failed_run_and_no_refused_list(
    graph, receiver, tmp_path
):
    graph.use(titanic_source=str(tmp_path / "none.csv"))
    look_at(graph, graph.run("raw_passengers"))

    (text,) = receiver.texts
    assert text.startswith("[warning] training_job failed\n")
    assert "none.csv" in text
