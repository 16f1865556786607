"""How often drift is said to be there when it is not, and how often it is found when it is.

Windows of 500 passengers drawn anew from the packaged list, judged by the rule of service and
report against the passengers that the model was trained on. docs/drift.md has the table.
"""

import numpy as np
import pytest

from tests.docs.pages import PAGES
from tests.drift.conftest import scores_of
from titanic_model.binning import binning
from titanic_model.reference import DRIFT_FIELDS, SCORE, Unknown

WINDOWS, OF = 1000, 500
ALL_KNOWN, NO_CABIN, NO_NAME = Unknown(cabin=0.77), Unknown(cabin=1), Unknown(name=1)

# By how much a field is moved: mild, medium, severe. The shift of age is in standard deviations,
# those of mixes and missing values in points, that of the fare is a factor.
SHIFTS = {
    "age, older by (standard deviations)": ("age", (0.25, 0.5, 1.0)),
    "class, more first than third by (points)": ("pclass", (5, 10, 20)),
    "sex, more women by (points)": ("sex", (5, 10, 20)),
    "fare, dearer by (times)": ("fare", (1.25, 1.5, 2.0)),
    "age, missing more often by (points)": ("age missing", (5, 10, 20)),
}


@pytest.fixture(scope="module")
def columns(everybody):
    people, _ = everybody
    return {
        name: np.array([getattr(each, name) for each in people], object) for name in DRIFT_FIELDS
    }


def bins_of(reference, name, values):
    return binning(reference.field(name))(values)


def judged(reference, field, bins):
    counts = np.bincount(bins, minlength=len(field.shares)).tolist()
    return reference.judge(field, counts).drifted


def moved(name, values, much, random):
    """These values of a field, moved so far."""
    if name == "age":
        known = values.astype(float)
        return known + much * np.nanstd(known)
    if name == "fare":
        return values.astype(float) * much
    chosen = random.random(len(values))
    if name == "age missing":
        known = values.astype(float)
        return np.where(chosen < much / 100 / np.mean(~np.isnan(known)), np.nan, known)
    away, to = {"pclass": (3, 1), "sex": ("male", "female")}[name]
    share = np.mean(values == away)
    return np.where((values == away) & (chosen < much / 100 / share), to, values)


def rate_of(reference, columns, name, much):
    """In which share of the windows the field was said to have drifted."""
    random = np.random.default_rng(11)
    field = reference.field(name.split()[0])
    values = columns[field.name]
    told = 0
    for _ in range(WINDOWS):
        drawn = values[random.integers(0, len(values), OF)]
        told += judged(
            reference, field, bins_of(reference, field.name, moved(name, drawn, much, random))
        )
    return told / WINDOWS


def false_alarms(reference, columns, scores, unknown, many):
    """In which share of undisturbed windows any field, or the answers, was said to have drifted."""
    random = np.random.default_rng(12)
    fields = [*(reference.field(name) for name in DRIFT_FIELDS), reference.scores(unknown)]
    bins = [bins_of(reference, name, columns[name]) for name in DRIFT_FIELDS]
    bins.append(bins_of(reference, SCORE, scores))
    told = 0
    for _ in range(WINDOWS):
        rows = random.integers(0, len(scores), many)
        told += any(judged(reference, f, b[rows]) for f, b in zip(fields, bins, strict=True))
    return told / WINDOWS


@pytest.fixture(scope="module")
def scores(everybody, champion):
    """What the champion says of everybody: as they are, without cabin, without name and cabin."""
    people, _ = everybody
    ways = ({}, {"cabin": None}, {"name": None, "cabin": None})
    return [
        scores_of([each.model_copy(update=lacking) for each in people], champion.model)
        for lacking in ways
    ]


@pytest.mark.parametrize("many", [200, 500, 2000])
def test_false_alarms_are_rare_however_little_callers_know(champion, columns, scores, many):
    for given, unknown in zip(scores, (ALL_KNOWN, NO_CABIN, NO_NAME), strict=True):
        rate = false_alarms(champion.reference, columns, given, unknown, many)
        assert rate <= (0.05 if many < OF else 0.01)


def test_answers_of_callers_who_know_little_would_otherwise_be_drift(champion, columns, scores):
    for given in scores[1:]:
        assert false_alarms(champion.reference, columns, given, ALL_KNOWN, OF) > 0.3


def test_the_rates_are_those_in_the_docs(champion, columns):
    reference = champion.reference
    lines = ["| shift | mild | medium | severe |", "|---|---|---|---|"]
    for what, (name, sizes) in SHIFTS.items():
        rates = [rate_of(reference, columns, name, size) for size in sizes]
        assert rates == sorted(rates)
        cells = [f"{size:g}: {rate:.0%}" for size, rate in zip(sizes, rates, strict=True)]
        lines.append(f"| {what} | {' | '.join(cells)} |")
        if name in ("age", "pclass"):
            assert rates[-1] >= 0.95
    assert PAGES["docs/drift.md"].between("rates") == "\n".join(lines) + "\n"
