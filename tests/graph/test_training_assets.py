"""Training, judging and promoting as slices of the graph."""

from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import TypeAdapter

from tests.tracking.test_ledger import an_event
from titanic_assets.assets.training import GATES
from titanic_assets.monitoring.drift.reference import read_reference, read_reference_rows
from titanic_assets.settings import Settings
from titanic_assets.tables import Table
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.versions import MODEL_NAME, ModelVersion
from titanic_assets.training import feature_tables
from titanic_assets.training.feature_tables import open_feature_store
from titanic_assets.training.model_card import ModelFacts
from titanic_assets.training.promoting import Outcome, decide_on
from titanic_assets.training.records import CandidateEvaluation
from titanic_model.comparison import Comparison
from titanic_model.features import FEATURES
from titanic_model.gates import GateResult
from titanic_model.promotion import Decision
from titanic_model.reference import DRIFT_FIELDS, SCORE, Unknown
from titanic_model.resampling import Interval

EVERYTHING = (
    "raw_passengers",
    "validated_passengers",
    "quarantined_passengers",
    "passenger_features",
)


def test_the_same_data_trained_twice_is_one_version_and_one_promotion(graph):
    first = graph.run()
    second = graph.run()
    assert first.success
    assert second.success
    (version,) = graph.registry.versions()
    assert graph.shown(second, "trained_model")["same model as an earlier version"].value == "yes"
    assert "the very model that is champion" in (
        graph.checks(second)["candidate_was_promoted"].description
    )
    assert [e.to_version for e in PromotionLedger(graph.places.ledger).events()] == [
        version.version
    ]
    # What a person is shown on the way.
    figures = graph.shown(first, "candidate_evaluation")
    pictures = {"ROC", "confusion matrix", "calibration", "score distribution", "importance"}
    assert all(figures[name].value.startswith("![") for name in pictures)
    assert "## Intended use" in graph.shown(first, "model_card")["card"].value
    assert "| soft_vote |" in graph.shown(first, "trained_model")["trials"].value
    # Every gate that floor 0 judges is a check in the UI, and no check is left over.
    assert set(GATES) < set(graph.checks(first))
    judged = (graph.places.tables / "candidate_evaluation.json").read_text()
    assert all(f'"name": "{gate}"' in judged for gate in GATES)
    # What later drift reports compare with: everybody that it was trained on.
    client = graph.registry.client
    reference = read_reference(client, version)
    for weights, unknown in (((1, 0, 0), Unknown()), ((0, 0, 1), Unknown(name=1))):
        kept = read_reference_rows(client, version.run_id, weights)
        assert len(kept) == reference.passengers
        for name in DRIFT_FIELDS:
            field = reference.field(name)
            assert field.drift(field.count(kept[name].to_pylist())) == pytest.approx(0)
        # Everybody was scored unseen three times, of which one is kept.
        answers = reference.scores(unknown)
        assert answers.drift(answers.count(kept[SCORE].to_pylist())) < 0.02


def test_features_can_be_looked_up_by_passenger(graph):
    assert graph.run(*EVERYTHING, "online_features").success
    table = Table(graph.places.tables / "passenger_features.parquet")
    store = open_feature_store(graph.places.feature_store, table)
    found = store.get_online_features(
        [f"passenger_features:{name}" for name in FEATURES],
        [{"passenger_id": 7}, {"passenger_id": 99_999}],
    ).to_dict()
    expected = table.to_pandas().set_index("passenger_id").loc[7, list(FEATURES)]
    looked_up = [np.nan if found[name][0] is None else found[name][0] for name in FEATURES]
    np.testing.assert_array_equal(looked_up, expected.to_numpy(dtype=np.float32))
    assert all(found[name][1] is None for name in FEATURES)


def test_features_that_part_a_family_are_not_used(graph, monkeypatch):
    assert graph.run(*EVERYTHING).success
    table = graph.places.tables / "passenger_features.parquet"
    good = table.read_bytes()
    parted = feature_tables.Sides(rows=1309, held_out=262, tickets_on_both=1)
    monkeypatch.setattr(feature_tables, "sides_of", lambda _: parted)

    run = graph.run("passenger_features")

    assert not run.success
    assert not graph.checks(run)["families_stay_on_one_side"].passed
    assert table.read_bytes() == good


def test_nothing_that_was_known_only_afterwards_leaves_the_raw_data(graph):
    assert graph.run(*EVERYTHING).success
    columns = {
        name: set(Table(graph.places.tables / f"{name}.parquet").schema.names)
        for name in ("raw_passengers", "validated_passengers", "passenger_features")
    }
    assert {"boat", "body"} <= columns["raw_passengers"]
    assert not {"boat", "body"} & (columns["validated_passengers"] | columns["passenger_features"])


A_VERSION = ModelVersion(
    version=4,
    run_id="run",
    digest="candidate",
    data_fingerprint="data",
    dagster_run_id="dagster",
    code_revision="code",
    created=datetime(2026, 1, 1, tzinfo=UTC),
)
NO_FACTS = ModelFacts(
    4, A_VERSION.created, "logistic", "none", (), 1, 1, (), "data", 1000, 250, (), (), 0.78, (), (),
    "candidate", "dagster", "run", "code",
)  # fmt: skip


def an_evaluation(*, gain=0.0, passed=True, champion=3, accuracy=0.0, p_value=1.0):
    return CandidateEvaluation(
        candidate=A_VERSION,
        gates=(GateResult("accuracy", passed, 0.82, 0.8, True, "Accuracy is what it is."),),
        champion=champion and ModelVersion(**{**vars(A_VERSION), "version": 3, "digest": "other"}),
        comparison=champion
        and Comparison(250, gain, Interval(gain - 0.01, gain + 0.01), accuracy, 5, 5, p_value),
        facts=NO_FACTS,
    )


@pytest.mark.parametrize(
    ("evaluation", "outcome"),
    [
        (an_evaluation(champion=None), "promote"),
        (an_evaluation(gain=0.01), "promote"),
        (an_evaluation(gain=0.001), "challenger"),
        (an_evaluation(gain=0.01, passed=False), "reject"),
        (an_evaluation(gain=-0.05), "reject"),
        (an_evaluation(gain=0.01, accuracy=-0.04, p_value=0.01), "reject"),
    ],
)
def test_the_promotion_rule_decides_on_what_was_found(evaluation, outcome):
    assert decide_on(evaluation, Settings()).outcome == outcome


def test_an_evaluation_beside_a_former_champion_promotes_nothing(graph):
    graph.registry.initialise(str(graph.places.mlflow / "artifacts"))
    made = graph.registry.client.create_model_version(
        MODEL_NAME, "/nowhere", tags={"digest": "set by hand"}
    )
    graph.registry.move_alias("champion", int(made.version))
    graph.places.tables.mkdir()
    judged_earlier = an_evaluation(gain=0.1, champion=3)
    content = TypeAdapter(CandidateEvaluation).dump_json(judged_earlier)
    (graph.places.tables / "candidate_evaluation.json").write_bytes(content)

    run = graph.run("champion_model")

    (failure,) = (event for event in run.all_events if event.is_step_failure)
    assert "judged beside champion 3, and champion is 1 now: materialise candidate_evaluation" in (
        failure.event_specific_data.error.cause.message
    )
    assert graph.registry.version_at("champion").version == 1
    assert PromotionLedger(graph.places.ledger).events() == ()


@pytest.mark.parametrize(
    ("champion", "words"),
    [(3, "Version 4 is not promoted; the champion stays. Too bad."),
     (None, "Version 4 is not promoted; there is no champion yet. Too bad.")],
)  # fmt: skip
def test_who_is_not_promoted_leaves_the_champion_if_there_is_one(champion, words):
    assert Outcome(4, champion, Decision("reject", "Too bad."), []).sentence == words


def test_the_gain_that_is_needed_is_a_setting():
    assert decide_on(an_evaluation(gain=0.01), Settings(minimum_gain=0.02)).outcome == "challenger"


def test_what_was_withdrawn_is_not_promoted_by_another_training():
    taken_back = an_event(kind="rollback", from_version=4, to_version=3, withdraws="candidate")
    decision = decide_on(an_evaluation(gain=0.01), Settings(), [taken_back])
    assert decision.outcome == "reject"
    assert f"withdrawn as version 4: {taken_back.why}" in decision.reason
    by_hand = an_event(kind="by_hand", to_version=4, digest="candidate")
    assert decide_on(an_evaluation(gain=0.01), Settings(), [taken_back, by_hand]).outcome == (
        "promote"
    )


def test_a_time_in_shadow_is_a_setting():
    decision = decide_on(an_evaluation(gain=0.01), Settings(shadow_minutes=5))
    assert (decision.outcome, decision.on_trial) == ("challenger", True)
