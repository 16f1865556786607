"""One journey through the graph, from the landing folder to the champion."""

from tests.graph.people import against_the_pattern, new_passengers
from titanic_assets.tables import Table
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.validation.refusals import RefusedBatches


def test_good_data_makes_a_champion_and_neither_worse_nor_broken_data_unseats_it(graph):
    champion_of = graph.registry
    ledger = PromotionLedger(graph.places.ledger)

    # A list lands: the sensor sees it once, the run reads it, the first model is promoted.
    graph.land("more.csv", new_passengers(40))
    (request,) = graph.tick()
    assert graph.tick() == []
    first = graph.run(tags=request.tags)
    assert first.success
    assert graph.shown(first, "validated_passengers")["dagster/row_count"].value == 1349
    champion = champion_of.version_at("champion")
    assert [event.to_version for event in ledger.events()] == [champion.version]
    assert all(c.passed for c in graph.checks(first).values() if c.check_name != "fairness")

    # Worse data lands: a valid list, but a model trained on it fails the gates. The run is green.
    graph.land("worse.csv", against_the_pattern(600))
    (request,) = graph.tick()
    second = graph.run(tags=request.tags)
    assert second.success
    assert champion_of.version_at("champion") == champion
    assert champion_of.version_at("candidate").version > champion.version
    verdict = graph.checks(second)["candidate_was_promoted"]
    assert not verdict.passed
    assert "the champion stays" in verdict.description
    assert len(ledger.events()) == 1
    graph.places.landing.joinpath("worse.csv").unlink()

    # A broken list lands: it is refused as a whole, its rows are in quarantine with reasons.
    broken = new_passengers(30, first=9000) + new_passengers(10, first=9500, age="old")
    graph.land("broken.csv", broken)
    (request,) = graph.tick()
    third = graph.run(tags=request.tags)
    assert not third.success
    assert not graph.checks(third)["no_list_is_refused"].passed
    quarantined = Table(graph.places.tables / "quarantined_passengers.parquet").to_pandas()
    assert set(quarantined["source"]) == {"landing/broken.csv"}
    assert quarantined["reasons"].str.contains("age: old is not a number from 0 to 120").all()
    assert champion_of.version_at("champion") == champion
    assert Table(graph.places.tables / "validated_passengers.parquet").rows == 1349 + 600

    # It stays refused without blocking what comes later, and nothing was moved or lost.
    (refusal,) = RefusedBatches.of(graph.places).all()
    assert refusal.name == "landing/broken.csv"
    assert (graph.places.landing / "broken.csv").exists()
    assert graph.tick() == []
    fourth = graph.run()
    assert fourth.success
    assert "refused on" in graph.checks(fourth)["every_list_was_read"].description
    assert graph.shown(fourth, "validated_passengers")["dagster/row_count"].value == 1349
    assert champion_of.version_at("champion") == champion
    # That run's own quarantine is empty; what was wrong with the refused list is kept beside it.
    assert graph.shown(fourth, "quarantined_passengers")["dagster/row_count"].value == 0
    kept = Table(RefusedBatches.of(graph.places).rows(refusal.digest)).to_pandas()
    assert kept["reasons"].tolist() == ["age: old is not a number from 0 to 120, or nothing"] * 10
