"""The window of online drift: the same numbers as the report's, over all workers, under threads."""

import csv
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bento_service.drift import FIELDS, DriftWindow
from tests.model.conftest import PACKAGED_LIST
from titanic_model.binning import binning
from titanic_model.contract import Passenger
from titanic_model.reference import DRIFT_FIELDS, SCORE, describe

SIZE = 200


@pytest.fixture(scope="module")
def reference(champion):
    return champion.reference


@pytest.fixture
def a_window(tmp_path, reference):
    def make(seat=0, size=SIZE, digest="a" * 64):
        window = DriftWindow(tmp_path, seat, size)
        window.follow(digest, reference)
        return window

    return make


def passengers(seed=1):
    """The packaged list, shuffled: it is sorted by class."""
    with PACKAGED_LIST.open(newline="") as file:
        rows = [
            Passenger.model_validate_strings(
                {name: row[name] for name in DRIFT_FIELDS if row[name] != ""}
            )
            for row in csv.DictReader(file)
        ]
    np.random.default_rng(seed).shuffle(rows)
    return rows


def strange(count):
    return [Passenger(pclass=3, sex="male", age=110, fare=1900) for _ in range(count)]


def feed(window, reference, people, began=0):
    shares = reference.field(SCORE).shares
    bins = np.random.default_rng(2).choice(len(shares), len(people), p=shares)
    for place, (passenger, number) in enumerate(zip(people, bins.tolist(), strict=True)):
        window.add(reference, began + place, passenger, number / 10 + 0.05)


def indices(window):
    return {name: field.index for name, field in window.window().fields.items()}


def test_the_index_is_that_of_the_report_on_the_same_passengers(a_window, reference):
    window = a_window()
    people = passengers()[:SIZE]
    scores = np.linspace(0, 1, SIZE)
    for when, (passenger, score) in enumerate(zip(people, scores, strict=True)):
        window.add(reference, when, passenger, float(score))
    columns = {name: [getattr(person, name) for person in people] for name in DRIFT_FIELDS}
    assert indices(window) == reference.drift({**columns, SCORE: scores})


@pytest.mark.parametrize("name", FIELDS)
def test_many_values_fall_into_the_bins_of_each_alone(name, reference):
    field = reference.field(name)
    numbers = st.floats(allow_nan=False, min_value=-1, max_value=3000, width=64)
    on_edges = st.sampled_from(field.edges) if field.edges else st.nothing()
    texts = st.sampled_from([*field.categories, "Z"]) if field.categories else st.nothing()
    values = texts if field.categories else st.one_of(numbers, on_edges, st.integers(0, 2000))

    @given(st.lists(st.one_of(st.none(), values), min_size=1))
    def holds(values):
        assert binning(field)(values).tolist() == [field.bin_of(value) for value in values]

    holds()


def test_strange_passengers_are_told_within_one_window_and_once(a_window, reference):
    window = a_window()
    feed(window, reference, passengers()[:SIZE])
    assert window.newly_drifted(window.window()) == []
    feed(window, reference, strange(SIZE), began=SIZE)
    now = window.window()
    assert {"age", "fare", "embarked"} <= set(window.newly_drifted(now))
    assert now.fields["age"].drifted
    assert window.newly_drifted(window.window()) == []
    feed(window, reference, passengers()[:SIZE], began=2 * SIZE)
    assert window.newly_drifted(window.window()) == []
    feed(window, reference, strange(SIZE), began=3 * SIZE)
    assert "age" in window.newly_drifted(window.window())


def test_usual_passengers_do_not_drift(a_window, reference):
    window = a_window(size=500)
    for seed in range(20):
        feed(window, reference, passengers(seed)[:500], began=500 * seed)
        now = window.window()
        assert now.full
        assert [name for name, field in now.fields.items() if field.drifted] == []


def test_a_window_that_is_not_full_tells_of_no_drift(a_window, reference):
    window = a_window()
    feed(window, reference, strange(SIZE - 1))
    assert not window.window().full
    assert window.newly_drifted(window.window()) == []


def test_the_window_holds_the_last_predictions_of_all_workers_however_they_were_shared_out(
    a_window, reference
):
    idle, busy = a_window(0), a_window(1)
    feed(busy, reference, strange(SIZE))
    busy.flush()
    assert idle.window().full
    assert idle.window().fields["age"].drifted
    feed(idle, reference, passengers()[:50], began=SIZE)
    now = idle.window()
    assert now.predictions == SIZE
    assert now.fields["age"].counts[-2] >= SIZE - 50
    feed(idle, reference, passengers()[:SIZE], began=SIZE + 50)
    assert not idle.window().fields["age"].drifted
    assert indices(idle) == indices(busy)


def test_drift_is_told_by_one_worker_only(a_window, reference):
    one, other = a_window(0), a_window(1)
    feed(one, reference, strange(SIZE))
    one.flush()
    assert "age" in other.newly_drifted(other.window())
    assert one.newly_drifted(one.window()) == []


def test_the_worker_that_takes_a_dead_ones_seat_goes_on_with_its_window(a_window, reference):
    dead = a_window()
    feed(dead, reference, strange(150))
    before = dead.window()
    assert "age" not in dead.newly_drifted(before)
    feed(dead, reference, strange(50), began=150)
    assert "age" in dead.newly_drifted(dead.window())
    successor = a_window()
    assert indices(successor) == indices(dead)
    assert successor.newly_drifted(successor.window()) == []


def test_with_another_release_it_begins_anew(a_window, reference):
    window = a_window()
    feed(window, reference, strange(SIZE))
    window.flush()
    window.follow("b" * 64, reference)
    assert window.window().predictions == 0
    feed(window, reference, passengers()[:10])
    assert window.window().predictions == 10


def test_a_worker_behind_the_others_neither_mixes_in_nor_tells(a_window, reference, challenger):
    behind, ahead = a_window(0), a_window(1)
    feed(behind, reference, strange(SIZE))
    ahead.follow("b" * 64, challenger.reference)
    assert ahead.window().predictions == 0
    assert behind.newly_drifted(behind.window()) == []


def test_answers_of_a_model_that_is_no_longer_live_are_left_out(a_window, reference, challenger):
    window = a_window()
    window.follow("b" * 64, challenger.reference)
    feed(window, reference, passengers()[:10])
    window.add_many(reference, 0, passengers()[:10], [0.5] * 10)
    assert window.window().predictions == 0


def test_whom_a_challenger_answered_is_taken_in_without_a_score(a_window, reference):
    window = a_window(size=500)
    feed(window, reference, passengers()[:300])
    before = indices(window)
    for passenger in strange(100):
        window.add(reference, 300, passenger, None)
    window.add_many(reference, 301, strange(100), [None] * 100)
    now = window.window()
    assert (now.predictions, now.full) == (500, True)
    assert sum(now.fields["age"].counts) == 500
    assert now.fields["age"].drifted
    assert sum(now.fields[SCORE].counts) == 300
    assert now.fields[SCORE].index == before[SCORE]
    assert not now.fields[SCORE].drifted


def test_too_few_scores_tell_of_no_drift(a_window, reference):
    window = a_window()
    for number in range(SIZE):
        window.add(reference, number, passengers()[0], 0.95 if number % 2 else None)
    field = window.window().fields[SCORE]
    assert field.index > field.bar
    assert not field.drifted
    assert SCORE not in window.newly_drifted(window.window())


def test_a_score_that_is_no_number_is_missing_not_absent(a_window, reference):
    window = a_window()
    window.add(reference, 0, passengers()[0], float("nan"))
    assert window.window().fields[SCORE].counts[-1] == 1


def test_of_a_long_batch_the_last_count(a_window, reference):
    window = a_window()
    window.add_many(reference, 1, [*strange(3 * SIZE), *passengers()[:SIZE]], [0.5] * 4 * SIZE)
    now = window.window()
    assert now.predictions == SIZE
    assert not now.fields["age"].drifted


def test_there_is_no_window_before_a_release(tmp_path):
    window = DriftWindow(tmp_path, 0, SIZE)
    window.flush()
    assert window.window() is None


def test_threads_lose_no_prediction(a_window, reference):
    window = a_window(size=50_000)
    people = passengers()

    def batch(number):
        window.add_many(reference, number, people[:100], [0.5] * 100)
        for passenger in people[:100]:
            window.add(reference, number, passenger, 0.5)
        return window.window().predictions

    with ThreadPoolExecutor(8) as threads:
        deque(threads.map(batch, range(100)), 0)
    now = window.window()
    assert now.predictions == 20_000
    assert all(sum(field.counts) == 20_000 for field in now.fields.values())
    assert now.fields["sex"].counts == tuple(
        200 * count for count in reference.field("sex").count(p.sex for p in people[:100])
    )


def test_the_window_judges_as_the_reference_does(tmp_path, reference):
    window = DriftWindow(tmp_path, 0, SIZE, threshold=0.3)
    window.follow("a" * 64, reference)
    feed(window, reference, [*passengers()[:150], *strange(50)])
    fields = window.window().fields
    assert {name: field.judgement for name, field in fields.items()} == {
        name: reference.judge(field.reference, field.counts, 0.3) for name, field in fields.items()
    }
    assert {field.bar for field in fields.values()} == {0.3}
    assert fields["age"].drifted


def test_of_few_the_bar_is_what_chance_explains(a_window, reference):
    window = a_window()
    feed(window, reference, passengers()[:SIZE])
    fields = window.window().fields
    assert fields["sex"].bar == 0.1
    assert fields["age"].bar == pytest.approx(
        29.7 * (1 / SIZE + 1 / reference.passengers), rel=0.01
    )


def test_answers_are_compared_with_those_about_passengers_known_as_little(tmp_path):
    many = 1000
    columns = {name: [None] * many for name in DRIFT_FIELDS}
    low, middle, high = ([each] * many for each in (0.05, 0.55, 0.95))
    cabins = ["C1", None] * (many // 2)
    reference = describe({**columns, "cabin": cabins}, high, middle, low)
    window = DriftWindow(tmp_path, 0, 400)
    window.follow("a" * 64, reference)
    person = Passenger(pclass=3, sex="male", name="Novak, Miss. Ida", cabin="C1")
    for changes, score in (({}, 0.95), ({"cabin": ""}, 0.55), ({"name": None}, 0.05)):
        window.add_many(reference, 0, [person.model_copy(update=changes)] * 100, [score] * 100)
    window.add_many(reference, 0, [person] * 100, [None] * 100)
    answers = window.window().fields[SCORE]
    assert answers.counts == (100, 0, 0, 0, 0, 100, 0, 0, 0, 100, 0)
    # Half of the named ones have no cabin, as in training.
    assert answers.reference.shares == pytest.approx((1 / 3, *[0] * 8, 2 / 3, 0))
