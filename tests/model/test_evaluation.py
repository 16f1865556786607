"""The evaluation on held-out passengers, from every side."""

import numpy as np
import pytest
from sklearn import metrics as sk

from titanic_model.evaluation import evaluate
from titanic_model.metrics import measure, says_survived
from titanic_model.resampling import intervals


@pytest.fixture(scope="module")
def held_out(data):
    return data.held_out_part


@pytest.fixture(scope="module")
def evaluation(scorer, held_out):
    return evaluate(scorer, held_out)


def test_every_held_out_passenger_counts_once(evaluation, held_out, scorer):
    counts = evaluation.confusion
    assert evaluation.passengers == len(held_out)
    assert counts.survived_said_survived + counts.survived_said_died == held_out.survived.sum()
    said = counts.survived_said_survived + counts.died_said_survived
    assert said == says_survived(scorer.score(held_out.matrix)).sum()
    assert counts.died_said_died + counts.survived_said_died == len(held_out) - said
    right = counts.survived_said_survived + counts.died_said_died
    assert evaluation.metrics.accuracy == pytest.approx(right / len(held_out))
    assert sum(part.passengers for part in evaluation.calibration) == len(held_out)


def test_each_figure_lies_in_its_interval(evaluation):
    for name, interval in evaluation.intervals.items():
        assert interval.low < getattr(evaluation.metrics, name) < interval.high
    accuracy = evaluation.intervals["accuracy"]
    assert 0.05 < accuracy.high - accuracy.low < 0.2, "so few passengers leave much open"


def test_the_roc_curve_is_scikit_learns(evaluation, scorer, held_out):
    truth, scores = held_out.survived, scorer.score(held_out.matrix)
    fpr, tpr, _ = sk.roc_curve(truth, scores, drop_intermediate=False)
    ours = [(point.false_positive_rate, point.true_positive_rate) for point in evaluation.roc]
    np.testing.assert_allclose(ours, np.stack([fpr, tpr], axis=1))


def test_cells_cover_sex_and_class_and_both(evaluation, held_out):
    cells = {cell.name: cell for cell in evaluation.cells}
    assert len(cells) == 2 + 3 + 6
    assert cells["women"].passengers + cells["men"].passengers == len(held_out)
    inside = held_out.cells == "women, third class"
    assert cells["women, third class"].passengers == inside.sum()
    assert cells["women, third class"].survived == held_out.survived[inside].mean()


def test_weak_cells_are_named(evaluation):
    assert all(cell.accuracy < 0.7 for cell in evaluation.weak_cells)
    assert {"women, third class"} <= {cell.name for cell in evaluation.weak_cells}


def test_a_cell_without_survivors_finds_no_share_of_them(scorer, held_out):
    men = held_out.take((held_out.cells == "men, second class") & (held_out.survived == 0))
    women = held_out.take(held_out.cells == "women, first class")
    both = held_out.take(
        np.isin(held_out.passenger_ids, [*men.passenger_ids, *women.passenger_ids])
    )
    cells = {cell.name: cell for cell in evaluate(scorer, both).cells}
    assert cells["men"].survivors_found is None
    assert cells["women"].survivors_found is not None


def test_what_matters_most_comes_first_and_that_is_the_title(evaluation):
    importance = evaluation.importance
    losses = [one.log_loss for one in importance]
    assert losses == sorted(losses, reverse=True)
    assert {one.name for one in importance} == {
        "pclass", "sex", "age", "sibsp", "parch", "fare", "embarked", "title", "deck",
    }  # fmt: skip
    assert importance[0].name == "title"
    assert importance[0].log_loss > 0.05
    assert importance[0].accuracy > 0.03


def test_it_is_still_good_when_only_the_plain_fields_are_known(evaluation):
    bare = evaluation.without_name_and_cabin
    assert bare != evaluation.metrics
    assert bare.accuracy > 0.75


def test_it_is_the_same_every_time(scorer, held_out, evaluation):
    again = evaluate(scorer, held_out)
    assert again == evaluation


def test_families_are_drawn_as_a_whole():
    tickets = np.repeat(np.arange(50), 4)
    outcome = np.repeat(np.arange(50) % 2, 4)

    def mean(rows):
        assert len(rows) % 4 == 0
        return [outcome[rows].mean()]

    (apart,) = intervals(mean_of(outcome), np.arange(200))
    (together,) = intervals(mean, tickets)
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def mean_of(outcome):
    return lambda rows: [outcome[rows].mean()]


def test_a_lucky_figure_has_a_wide_interval(held_out, scorer):
    few = held_out.take(np.arange(30))
    probability = scorer.score(few.matrix)

    def accuracy(rows):
        return [measure(few.survived[rows], probability[rows]).accuracy]

    (interval,) = intervals(accuracy, few.tickets_as_numbers)
    assert interval.high - interval.low > 0.1
