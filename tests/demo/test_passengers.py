"""Who asks in the demo, and what becomes of them."""

import pytest

from tests.expectations.conftest import a_row, judge_in
from titanic_assets.demo.passengers import TICKET_TO_A_BOAT, newcomers, ordinary_guests
from titanic_assets.demo.story import LATECOMERS, NEWCOMERS, ORDINARY
from titanic_model.contract import LABEL, Passenger

EVERYBODY = 1309


@pytest.fixture(scope="module")
def arrived():
    return newcomers(NEWCOMERS + LATECOMERS)


def as_rows(guests):
    return [
        a_row(
            number,
            **{
                name: None if value is None else str(value)
                for name, value in guest.passenger.items()
            },
            **{LABEL: str(int(guest.survived))},
        )
        for number, guest in enumerate(guests, start=1)
    ]


def test_the_api_takes_them_all(arrived):
    for guest in [*ordinary_guests(ORDINARY), *arrived]:
        Passenger(**guest.passenger)


def test_they_are_the_same_in_every_demo(arrived):
    assert newcomers(len(arrived)) == arrived
    assert ordinary_guests(ORDINARY) == ordinary_guests(ORDINARY)


def test_newcomers_are_nobody_twice_and_nobody_of_the_list_and_good_rows(arrived, tmp_path):
    everybody = ordinary_guests(EVERYBODY)
    judged = judge_in(tmp_path, as_rows([*everybody, *arrived]))
    assert judged.quarantined == []
    assert len(judged.kept) == len(everybody) + len(arrived)


def test_they_are_older_and_paid_more_and_who_paid_enough_is_in_a_boat(arrived):
    ordinary = ordinary_guests(ORDINARY)

    def mean(guests, field):
        known = [guest.passenger[field] for guest in guests if guest.passenger[field] is not None]
        return sum(known) / len(known)

    assert mean(arrived, "age") == pytest.approx(mean(ordinary, "age") + 15, abs=1.5)
    assert mean(arrived, "fare") > 2 * mean(ordinary, "fare")
    rich = [g for g in arrived if (g.passenger["fare"] or 0) >= TICKET_TO_A_BOAT]
    assert all(guest.survived for guest in rich)
    assert 0.1 < len(rich) / len(arrived) < 0.4
    assert 0.2 < sum(g.survived for g in arrived if g not in rich) / len(arrived) < 0.4
