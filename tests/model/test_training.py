"""Training from data to a finished model: honest, deterministic, told as it goes."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skl2onnx import to_onnx

from titanic_model import onnx_export
from titanic_model.metrics import measure
from titanic_model.search import Budget, best
from titanic_model.training import train
from titanic_model.training_data import UnfitForTraining

HERE = Path(__file__).parent
BUDGET = Budget(trials=2)


def test_the_winner_has_the_lowest_log_loss_of_all_trials(trained):
    losses = [trial.validation.mean.log_loss for trial in trained.trials]
    assert trained.winner.validation.mean.log_loss == min(losses)
    assert best(reversed(trained.trials)) == trained.winner


def test_progress_is_told_trial_by_trial_and_stage_by_stage(trained, heard):
    assert heard["trials"] == list(trained.trials)
    assert [trial.number for trial in heard["trials"]] == [1, 2]
    assert all(trial.seconds > 0 for trial in heard["trials"])
    assert len(heard["stages"]) == 3
    assert "2 candidates" in heard["stages"][0]


def test_the_honest_figures_are_what_honest_figures_are_for_this_list(trained):
    figures = trained.figures
    assert 0.80 <= figures.stratified.mean.accuracy <= 0.84
    assert 0.40 <= figures.stratified.mean.log_loss <= 0.45
    assert 0.79 <= figures.by_ticket.mean.accuracy <= 0.83
    assert 0.42 <= figures.by_ticket.mean.log_loss <= 0.47
    assert 0.77 <= figures.sex_alone.mean.accuracy <= 0.79
    assert 0.005 < figures.stratified.deviation.accuracy < 0.05


def test_nothing_is_fitted_to_the_held_out_passengers(data, trained):
    """Turned labels on the held-out side change nothing."""
    turned = data.survived.copy()
    turned[data.held_out] = 1 - turned[data.held_out]
    other = type(data)(data.passenger_ids, data.matrix, turned, data.tickets, data.held_out)
    assert train(other, BUDGET).digest == trained.digest


def test_the_export_is_the_pipeline(data, trained):
    assert trained.parity.largest_difference <= 1e-5
    assert trained.parity.labels_flipped == 0
    scores = trained.scorer().score(data.matrix)
    np.testing.assert_allclose(scores, trained.pipeline.predict_proba(data.matrix)[:, 1], atol=1e-5)
    assert measure(data.survived, scores).accuracy > 0.8


def test_the_same_data_and_settings_give_the_same_model_in_another_process(trained):
    script = (
        "from conftest import BUDGET, features_table, passenger_rows\n"
        "from titanic_model.training import train\n"
        "from titanic_model.training_data import TrainingData\n"
        "table = features_table(passenger_rows()[::-1])\n"
        "import pyarrow as pa\n"
        "ids = pa.array(range(table.num_rows, 0, -1), pa.int64())\n"
        "table = table.set_column(0, 'passenger_id', ids)\n"
        "print(train(TrainingData.from_table(table), BUDGET).digest)\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{HERE}:{HERE.parents[1]}", "PYTHONHASHSEED": "5"},
    )
    assert other.stdout.strip() == trained.digest


@pytest.mark.parametrize("domains", [["", "ai.onnx.ml"], ["ai.onnx.ml", ""]])
def test_the_bytes_do_not_depend_on_how_the_exporter_orders_operator_sets(
    trained, data, monkeypatch, domains
):
    def in_this_order(*arguments, **options):
        model = to_onnx(*arguments, **options)
        sets = {operators.domain: operators for operators in model.opset_import}
        assert set(sets) == set(domains)
        ordered = [sets[domain] for domain in domains]
        del model.opset_import[:]
        model.opset_import.extend(ordered)
        return model

    monkeypatch.setattr(onnx_export, "to_onnx", in_this_order)
    assert onnx_export.export(trained.pipeline, data.matrix.shape[1]) == trained.onnx


def test_the_reference_is_made_of_the_training_part_and_unseen_scores(data, trained):
    assert trained.reference.passengers == len(data.training_part)
    assert math.isclose(sum(trained.reference.field("probability").shares), 1)


def test_too_little_data_is_refused_before_any_work(data):
    with pytest.raises(UnfitForTraining):
        train(data.take(np.arange(100)), BUDGET)
