"""Lists that are refused: what is remembered, and what is not a refusal at all."""

import csv
import shutil

from tests.graph.people import HEADER, new_passengers
from titanic_assets.validation.refusals import RefusedBatches

INGESTION = ("raw_passengers", "validated_passengers", "quarantined_passengers")


def test_a_configured_list_that_is_refused_stays_in_the_way(graph, tmp_path):
    own = tmp_path / "own.csv"
    with own.open("w", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(new_passengers(9) + new_passengers(1, first=99, age="old"))
    graph.land("good.csv", new_passengers(30, first=200))
    graph.use(titanic_source=str(own))
    for _ in range(2):
        run = graph.run(*INGESTION)
        assert not run.success
        assert "own.csv is refused" in graph.checks(run)["no_list_is_refused"].description
    assert RefusedBatches.of(graph.places).all() == ()


def test_a_copy_of_a_list_leaves_nothing_out(graph):
    graph.land("a.csv", new_passengers(30))
    shutil.copy(graph.places.landing / "a.csv", graph.places.landing / "b.csv")
    run = graph.run("raw_passengers")
    assert graph.checks(run)["every_list_was_read"].passed
    assert graph.shown(run, "raw_passengers")["dagster/row_count"].value == 1339
