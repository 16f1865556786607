"""How often what is only chance is taken for more, and what is more for chance: as documented."""

import re

import numpy as np
import pytest

from tests.docs.pages import PAGES
from tests.performance import rates
from titanic_model.experiments import ExperimentPolicy, compare_pairs, recommend
from titanic_model.sequential import reach

# The tables are of four times as many draws.
_ABOUT = 0.09


@pytest.fixture(scope="module")
def documented():
    """Every row of the tables by its first cell: the numbers in the others."""
    text = PAGES["docs/performance.md"].text
    tables = re.findall(r"<!-- rates: .*? -->\n(.*?)\n<!-- rates end -->", text, re.DOTALL)
    assert len(tables) == 2
    rows = [line.strip("| ").split(" | ") for table in tables for line in table.splitlines()[2:]]
    return {
        name: [float(cell.strip("%")) / 100 for cell in cells if cell.endswith("%")]
        for name, *cells in rows
    }


def test_a_broken_promise_is_noticed_and_a_kept_one_hardly_ever_taken_for_broken(documented):
    measured = rates.asking_rates()
    for life in rates.LIVES:
        here = [measured[life.name, many] for many in rates.SIZES]
        assert here == pytest.approx(documented[life.name], abs=_ABOUT), life.name
    assert max(measured["as promised", many] for many in rates.SIZES) <= 0.035
    assert measured["10 points less", 500] >= 0.95


def test_the_better_of_two_is_found_and_of_equals_hardly_ever_one(documented):
    measured = rates.first_verdicts()
    for name, (promoted, kept, _) in measured.items():
        assert [promoted, kept] == pytest.approx(documented[name], abs=_ABOUT), name
    assert sum(measured["equal"][:2]) <= 0.08
    assert rates.split_verdicts() <= 0.05


def test_the_truth_is_within_the_interval_at_all_looks_together():
    chance = np.random.default_rng(4)
    looks = np.arange(50, 2001, 10)
    means = np.cumsum(chance.standard_normal((500, 2000)), axis=1)[:, looks - 1] / looks
    ever_outside = (np.abs(means) > reach(looks)).any(axis=1).mean()
    looked_at_once = (np.abs(means) > 1.96 / np.sqrt(looks)).any(axis=1).mean()
    assert ever_outside <= 0.05
    assert looked_at_once > 0.2


def test_many_experiments_at_once_come_to_the_verdicts_of_each_by_itself():
    said = rates.said_by_both(np.random.default_rng(9), (0.9, 0.5), 8)
    at_once = rates.verdicts_at_all_looks(*said)
    words = {"promote": 1, "keep": -1, "wait": 0}
    for experiment in range(8):
        for look in (0, 20, 60, 116):
            many = rates._LOOKS[look]
            contest = compare_pairs(*(each[experiment, :many] for each in said))
            verdict = recommend(contest, ExperimentPolicy()).verdict
            assert words[verdict] == at_once[experiment, look]
    assert len(set(at_once.ravel().tolist())) > 1
