"""The gates, one by one, each on its bar."""

import math
from dataclasses import replace

import pytest

from titanic_model.behaviour import Behaviour
from titanic_model.evaluation import Cell
from titanic_model.gates import Bars, Evidence, all_passed, judge
from titanic_model.metrics import Metrics
from titanic_model.parity import Parity

GOOD = Evidence(
    cross_validated=Metrics(accuracy=0.82, roc_auc=0.87, log_loss=0.43, brier=0.13),
    sex_alone=Metrics(accuracy=0.78, roc_auc=0.76, log_loss=0.52, brier=0.17),
    parity=Parity(passengers=1309, largest_difference=1e-7, labels_flipped=0),
    behaviours=(Behaviour("women before men", "direction", True, 1.0, "So it was."),),
    microseconds=15.0,
    cells=(),
)
WEAK = Cell("women, third class", 46, 0.5, 0.7, 0.61, 0.65, 0.9, weak=True)


def some(**changes):
    return replace(GOOD, cross_validated=replace(GOOD.cross_validated, **changes))


def failed(evidence, bars=None):
    return [gate.name for gate in judge(evidence, bars or Bars()) if not gate.passed]


def test_a_good_candidate_passes_them_all():
    assert failed(GOOD) == []
    assert all_passed(judge(GOOD))


@pytest.mark.parametrize(
    ("evidence", "gate"),
    [
        (some(accuracy=0.799), "accuracy"),
        (some(accuracy=math.nan), "accuracy"),
        (some(log_loss=0.461), "log_loss"),
        (some(log_loss=math.nan), "log_loss"),
        (some(accuracy=0.97), "not_too_good_to_be_true"),
        (replace(GOOD, sex_alone=replace(GOOD.sex_alone, accuracy=0.801)), "better_than_sex_alone"),
        (replace(GOOD, parity=Parity(10, 1.1e-5, 0)), "onnx_parity"),
        (replace(GOOD, parity=Parity(10, 0.0, 1)), "onnx_parity"),
        (replace(GOOD, parity=Parity(10, math.nan, 0)), "onnx_parity"),
        (
            replace(GOOD, behaviours=(Behaviour("plain sense", "minimum", False, 0.1, "."),)),
            "behaviour",
        ),
        (replace(GOOD, microseconds=501.0), "latency"),
    ],
)
def test_each_gate_stops_what_it_is_there_for(evidence, gate):
    assert gate in failed(evidence)
    assert not all_passed(judge(evidence))


def test_a_figure_on_the_bar_passes():
    on_the_bar = replace(some(accuracy=0.80, log_loss=0.46), microseconds=500.0)
    assert failed(replace(on_the_bar, parity=Parity(10, 1e-5, 0))) == []


def test_fairness_is_told_and_never_blocks():
    gates = judge(replace(GOOD, cells=(WEAK,)))
    (fairness,) = [gate for gate in gates if gate.name == "fairness"]
    assert not fairness.passed
    assert not fairness.blocking
    assert "women, third class (0.61)" in fairness.explanation
    assert all_passed(gates)


def test_each_verdict_explains_itself_in_a_sentence():
    broken = replace(GOOD, behaviours=(Behaviour("plain sense", "minimum", False, 0.1, "."),))
    for gate in judge(broken):
        assert gate.explanation.endswith(".")
    explanations = {gate.name: gate.explanation for gate in judge(broken)}
    assert "0 of 1 behaviours are as expected; not so: plain sense." in explanations["behaviour"]
    assert "leaked" in explanations["not_too_good_to_be_true"]


def test_the_bars_can_be_moved():
    assert failed(GOOD, Bars(accuracy=0.83)) == ["accuracy"]
