"""What becomes of a candidate."""

from dataclasses import replace

import pytest

from titanic_model.comparison import Comparison
from titanic_model.gates import GateResult
from titanic_model.promotion import Champion, Contender, Policy, Withdrawn, decide
from titanic_model.resampling import Interval

PASSED = GateResult("accuracy", True, 0.82, 0.80, True, "Accuracy is 0.82.")
FAILED = GateResult("log_loss", False, 0.5, 0.46, True, "Log loss is 0.50 and may be 0.46.")
TOLD = GateResult("fairness", False, 1, 0, False, "One group is weak.")
CANDIDATE = Contender("new", (PASSED, TOLD))
EQUAL = Comparison(250, 0.0, Interval(-0.01, 0.01), 0.0, 5, 5, 1.0)


def champion(**changes):
    return Champion("3", "old", replace(EQUAL, **changes))


def test_the_first_model_only_has_to_pass_the_gates():
    assert decide(CANDIDATE, None).outcome == "promote"
    first = decide(Contender("new", (PASSED, FAILED)), None)
    assert first.outcome == "reject"
    assert first.reason == "Log loss is 0.50 and may be 0.46."


def test_a_gain_on_the_bar_is_promoted():
    decision = decide(CANDIDATE, champion(gain=0.002))
    assert decision.outcome == "promote"
    assert "gains 0.0020 log loss" in decision.reason
    assert "champion 3 on 250 held-out passengers" in decision.reason


@pytest.mark.parametrize("gain", [0.0019, 0.0, -0.01])
def test_a_gain_below_the_bar_makes_a_challenger(gain):
    assert decide(CANDIDATE, champion(gain=gain)).outcome == "challenger"


def test_a_worse_candidate_leaves_the_champion():
    decision = decide(CANDIDATE, champion(gain=-0.0101))
    assert decision.outcome == "reject"
    assert "loses 0.0101 log loss" in decision.reason


def test_significantly_worse_accuracy_outweighs_any_gain():
    worse = champion(gain=0.05, accuracy_difference=-0.06, p_value=0.01)
    assert decide(CANDIDATE, worse).outcome == "reject"
    chance = champion(gain=0.05, accuracy_difference=-0.01, p_value=0.4)
    assert decide(CANDIDATE, chance).outcome == "promote"
    better = champion(gain=0.05, accuracy_difference=0.06, p_value=0.01)
    assert decide(CANDIDATE, better).outcome == "promote"


def test_a_failed_gate_outweighs_any_gain_and_tells_which():
    decision = decide(Contender("new", (PASSED, FAILED)), champion(gain=0.1))
    assert (decision.outcome, decision.reason) == ("reject", FAILED.explanation)


def test_the_very_same_model_is_never_promoted():
    decision = decide(Contender("old", (PASSED,)), champion(gain=0.1))
    assert decision.outcome == "reject"
    assert "the very model that is champion, version 3" in decision.reason


def test_a_champion_that_cannot_read_todays_features_gives_way_to_the_gates():
    assert decide(CANDIDATE, Champion("3", "old", None)).outcome == "promote"
    assert decide(Contender("new", (FAILED,)), Champion("3", "old", None)).outcome == "reject"


def test_the_policy_can_be_moved():
    strict = Policy(minimum_gain=0.01, challenger_loss=0.0)
    assert decide(CANDIDATE, champion(gain=0.005), strict).outcome == "challenger"
    assert decide(CANDIDATE, champion(gain=-0.001), strict).outcome == "reject"


def test_a_model_that_was_withdrawn_is_rejected_however_good_it_is():
    again = replace(CANDIDATE, withdrawn=Withdrawn("4", "it answers too slowly"))
    for beside in (champion(gain=0.1), None):
        decision = decide(again, beside)
        assert decision.outcome == "reject"
        assert "withdrawn as version 4: it answers too slowly" in decision.reason
        assert "make promote VERSION=4" in decision.reason


def test_a_better_one_is_in_shadow_first_where_that_is_wanted():
    patient = Policy(shadow_minutes=30)
    for beside in (champion(gain=0.1), Champion("3", "old", None)):
        decision = decide(CANDIDATE, beside, patient)
        assert (decision.outcome, decision.on_trial) == ("challenger", True)
        assert "in shadow for 30 minutes" in decision.reason
        assert not decide(CANDIDATE, beside).on_trial


def test_only_who_would_be_promoted_is_on_trial():
    patient = Policy(shadow_minutes=30)
    assert decide(CANDIDATE, None, patient).outcome == "promote"
    watched = decide(CANDIDATE, champion(gain=0.0), patient)
    assert (watched.outcome, watched.on_trial) == ("challenger", False)
    assert decide(CANDIDATE, champion(gain=-0.5), patient).outcome == "reject"
