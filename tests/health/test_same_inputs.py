"""Two models before the same passengers: honest ones are told from faulty ones, by anybody's."""

import numpy as np
import pytest

from tests.health.models import retrained, silent_about_families, slow, turned_round
from tests.model.conftest import passenger_rows
from tests.service.releases import a_release, of_version
from titanic_assets.releasing.health.judging import HealthPolicy, judge_answers
from titanic_assets.releasing.health.same_inputs import NoSuchRelease, compare, find_release
from titanic_model.contract import Passenger
from titanic_model.published import publish_release

WINDOWS = 20


def before():
    return a_release("1", "logistic")


HONEST = {
    "the same model": lambda: of_version(before(), "2"),
    "another draw": lambda: retrained("2"),
    "another family": lambda: a_release("2", "gradient_boosting"),
}


def a_passenger(row):
    """A passenger of the list as a client has them: without name, ticket and cabin."""

    def number(name):
        return float(row[name]) if row[name] else None

    return Passenger(
        pclass=int(row["pclass"]),
        sex=row["sex"],
        age=number("age"),
        sibsp=int(row["sibsp"]),
        parch=int(row["parch"]),
        fare=number("fare"),
        embarked=row["embarked"] or None,
    )


ORDINARY = tuple(a_passenger(row) for row in passenger_rows())


def older_and_richer(passenger):
    """As nobody was whom a model has seen."""
    age, fare = passenger.age or 30.0, passenger.fare or 30.0
    return passenger.model_copy(update={"age": min(age + 30, 110.0), "fare": fare * 6 + 200})


@pytest.fixture(params=HONEST)
def honest(request):
    """Models that are as good as the one before, in three ways."""
    return HONEST[request.param]()


def alarms(after, passengers, predictions, windows=WINDOWS):
    """How many of so many windows, drawn from these passengers, would withdraw the release."""
    draws = np.random.default_rng(7)
    verdicts = [
        judge_answers(
            compare(before(), after, draws.choice(passengers, predictions)), HealthPolicy()
        )
        for _ in range(windows)
    ]
    return sum(verdict.state == "breach" for verdict in verdicts)


def test_an_honest_model_is_not_withdrawn_on_ordinary_traffic(honest):
    assert alarms(honest, ORDINARY, 100) == 0
    assert alarms(honest, ORDINARY, 1000, windows=5) == 0


def test_older_and_richer_passengers_are_not_taken_for_a_fault_of_the_model(honest):
    """On them a straight line and a tree differ about every other answer."""
    strangers = [older_and_richer(passenger) for passenger in ORDINARY]

    assert alarms(honest, strangers, 500, windows=5) == 0
    assert alarms(honest, [*strangers, *ORDINARY], 500, windows=5) == 0


def test_a_model_with_labels_turned_round_is_found_at_once():
    assert alarms(turned_round("2"), ORDINARY, 100) == WINDOWS


def test_a_model_with_labels_turned_round_is_found_among_strangers_by_the_few_like_its_own():
    mixed = [*(older_and_richer(passenger) for passenger in ORDINARY), *ORDINARY]

    assert alarms(turned_round("2"), mixed, 200, windows=5) == 5


def test_only_different_passengers_count_and_strangers_are_told():
    some = ORDINARY[::25]
    alone = compare(before(), retrained("2"), some)
    found = compare(before(), retrained("2"), [*some * 3, older_and_richer(ORDINARY[0])])

    assert 20 < alone.passengers < len(some)
    assert found.passengers == alone.passengers
    assert found.unlike == 3 * alone.unlike + 1


def test_a_log_without_passengers_says_nothing_about_either():
    assert compare(before(), retrained("2"), []).passengers == 0


def test_passengers_about_whom_only_the_new_model_says_nothing_are_counted():
    families = [each.model_copy(update={"sibsp": 2}) for each in ORDINARY[::5]]
    silent = of_version(silent_about_families(before()), "2")

    found = compare(before(), silent, [*ORDINARY[::5], *families])

    assert found.unanswered > 20
    assert found.changed == 0
    back = compare(silent, of_version(before(), "2"), [*ORDINARY[::5], *families])
    assert (back.unanswered, back.passengers) == (0, found.passengers - found.unanswered)


def test_a_model_is_timed_beside_the_other_whatever_the_machine_does():
    found = compare(before(), of_version(slow(before()), "2"), ORDINARY[::25])

    assert found.changed == 0
    assert found.after_ms > 10 * found.before_ms
    assert found.after_ms - found.before_ms > HealthPolicy().model_slow_ms


def test_a_release_is_found_by_its_version_and_by_its_model(tmp_path):
    wanted, other = of_version(before(), "7"), a_release("7", "gradient_boosting")
    publish_release(other, tmp_path)
    publish_release(wanted, tmp_path)
    (tmp_path / "7-000000000000").mkdir()

    assert find_release(tmp_path, 7, wanted.model_digest).digest == wanted.digest
    with pytest.raises(NoSuchRelease, match="no release of version 8 is in"):
        find_release(tmp_path, 8, wanted.model_digest)
    with pytest.raises(NoSuchRelease):
        find_release(tmp_path, 7, "another digest")
