"""Whether a challenger takes the champion's place, by its time in shadow and by the experiment."""

import pytest

from tests.releasing.experiments import an_experiment
from titanic_assets.releasing.flipping import decide_flip
from titanic_assets.releasing.shadow import Trial

PASSED = Trial("passed", "was in shadow")
WAITING = Trial("waiting", "is in shadow for 1 of 30 minutes")
UNFIT = Trial("unfit", "is too slow")
BETTER = an_experiment("promote", "gains")
WORSE = an_experiment("keep", "loses")
UNDECIDED = an_experiment("wait", "may be equal")


@pytest.mark.parametrize(
    ("trial", "experiment", "on_trial", "promotes", "state", "words"),
    [
        (PASSED, None, True, False, "passed", "was in shadow"),
        (PASSED, UNDECIDED, True, False, "passed", "was in shadow"),
        (PASSED, BETTER, True, False, "passed", "was in shadow"),
        (PASSED, WORSE, True, False, "unfit", "the experiment finds that it loses"),
        (WAITING, BETTER, True, False, "waiting", "1 of 30 minutes"),
        (WAITING, BETTER, True, True, "passed", "gains"),
        (UNFIT, BETTER, True, True, "unfit", "too slow"),
        (WAITING, BETTER, False, True, "passed", "gains"),
        (WAITING, UNDECIDED, False, True, "waiting", "it may be equal"),
        (WAITING, None, False, True, "waiting", "none of these two"),
        (UNFIT, BETTER, False, True, "unfit", "too slow"),
    ],
)
def test_both_are_heard(trial, experiment, on_trial, promotes, state, words):
    verdict = decide_flip(trial, experiment, on_trial=on_trial, experiment_promotes=promotes)
    assert verdict.state == state
    assert words in verdict.sentence


def test_who_promotes_is_told():
    by_time = decide_flip(PASSED, UNDECIDED, on_trial=True, experiment_promotes=True)
    by_outcomes = decide_flip(PASSED, BETTER, on_trial=True, experiment_promotes=True)
    assert (by_time.by_experiment, by_outcomes.by_experiment) == (False, True)
