"""Which answers are known to have been right or wrong, and about whom they were."""

import numpy as np
import pyarrow as pa
import pytest

from titanic_assets.monitoring.answers import Period, known_answers
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.monitoring.learnt import Learnt
from titanic_assets.tables import write_table
from titanic_model.schemas import VALIDATED_SCHEMA


@pytest.fixture
def known(home):
    """The answers of version 1, once everything is collected."""

    def read(**options):
        home.collect()
        store = EventStore.of(home.settings)
        learnt = Learnt.by(home.settings, store, home.began - 1)
        period = Period(home.began, home.began + 86_400)
        return known_answers(store, "1", period, learnt, **options)

    return read


def test_only_those_count_whose_outcome_is_known_and_only_of_that_version(home, known):
    home.asked(1, [0.1, 0.2, 0.3])
    home.asked(2, [0.9, 0.9, 0.9], named="other")
    home.became([True, False])
    home.became([True] * 3, named="other")
    answers = known()
    assert answers.probability.tolist() == [0.1, 0.2]
    assert answers.survived.tolist() == [True, False]
    assert answers.known == 2


def test_the_callers_first_word_counts_and_nobody_elses(home, known):
    home.asked(1, [0.1, 0.2])
    home.became([True])
    home.became([False], at=5)
    home.became([True, True], caller="somebody else", at=6)
    assert known().survived.tolist() == [True]


def test_a_passenger_asked_about_again_counts_once_as_last_seen(home, known):
    homes = {"name": "Dooley, Mr. Patrick", "ticket": "370376"}
    home.asked(1, [0.1, 0.2], passenger=lambda _: homes)
    home.asked(
        1, [0.3], named="b", at=1, passenger=lambda _: {**homes, "name": "DOOLEY mr Patrick"}
    )
    home.asked(1, [0.4], named="c", at=2, passenger=lambda _: {**homes, "ticket": "1"})
    for named, many in (("r", 2), ("b", 1), ("c", 1)):
        home.became([True] * many, named=named)
    answers = known()
    assert answers.known == len(answers) == 4
    assert answers.of_different_passengers.probability.tolist() == [0.3, 0.4]


def test_passengers_without_a_name_are_each_somebody_else(home, known):
    home.asked(1, [0.1, 0.1, 0.1])
    home.became([True] * 3)
    assert len(known().of_different_passengers) == 3


def test_callers_are_told_apart_by_whom_they_ask_for(home, known):
    home.asked(1, [0.1, 0.2, 0.3], caller=lambda number: f"caller {number % 2}")
    home.became([True] * 3, caller=lambda number: f"caller {number % 2}")
    caller = known().caller
    assert (caller[0] == caller[2], caller[0] == caller[1]) == (True, False)


def test_of_many_the_newest_are_kept(home, known):
    home.asked(1, np.linspace(0, 1, 200))
    home.became([True] * 200)
    answers = known(most=50)
    assert answers.known == 200
    assert answers.probability.tolist() == np.linspace(0, 1, 200)[-50:].tolist()
    assert answers.newest(2).probability.tolist() == answers.probability[-2:].tolist()


def test_where_nothing_is_known_there_is_nothing(known):
    answers = known()
    assert (len(answers), answers.known, len(answers.of_different_passengers)) == (0, 0, 0)


def listed(home, *passengers):
    """These names and tickets are in a list; the last ones were reported earlier."""
    rows = [
        {
            "passenger_key": f"{name.lower()}|{ticket}",
            "source": "outcomes" if name == "Known" else "packaged",
        }
        for name, ticket in passengers
    ]
    table = pa.Table.from_pylist(rows, VALIDATED_SCHEMA)
    path = home.settings.places.tables / "validated_passengers.parquet"
    write_table(table.to_batches(), VALIDATED_SCHEMA, path)


# By the hash of the ticket the first is held out and the second is not.
HELD_OUT, TRAINED_ON = "3", "1"


def test_about_whom_the_version_learnt_in_training_its_answers_prove_nothing(home, known):
    listed(home, ("Old", TRAINED_ON), ("Old", HELD_OUT), ("Known", TRAINED_ON))
    asked = [
        {"name": "Old", "ticket": TRAINED_ON},
        {"name": "Old", "ticket": HELD_OUT},
        # Reported since: it was no row when the version was trained.
        {"name": "Known", "ticket": TRAINED_ON},
        {"name": "New", "ticket": TRAINED_ON},
        {},
    ]
    home.asked(1, [0.5] * 5, passenger=asked.__getitem__)
    home.became([True] * 5)
    answers = known()
    assert answers.learnt.tolist() == [True, False, False, False, False]
    assert len(answers.not_learnt) == 4


def test_outcomes_that_were_told_before_it_was_trained_were_learnt_from(home, known):
    someone = {"name": "Told", "ticket": TRAINED_ON}
    home.asked(2, [0.5], named="before", at=-1, passenger=lambda _: someone)
    home.became([True], named="before", at=-1)
    home.asked(1, [0.5, 0.5], passenger=lambda number: someone if number else {"name": "Other"})
    home.became([True, True])
    assert known().learnt.tolist() == [False, True]


def test_whoever_is_looked_up_by_number_is_in_the_lists(home, known):
    home.asked(1, [0.5, 0.5], way="passenger")
    home.became([True, True])
    assert known().learnt.all()
