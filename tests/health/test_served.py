"""What the service says of itself is understood, and what is no service of ours is an error."""

import pytest

from tests.health.stand_in import metrics
from titanic_assets.releasing.health.served import (
    Served,
    ServiceUnreadable,
    parse_served,
    read_served,
)


def test_requests_that_ask_a_model_are_counted_and_those_that_failed(stand_in):
    stand_in.says = metrics("4", fine=90, failed=7)

    assert read_served(stand_in.url) == Served(requests=100, failed=7, champions=frozenset("4"))


def test_every_version_that_answers_is_told_while_workers_change_over():
    assert parse_served(metrics("3 4")).champions == {"3", "4"}


def test_a_service_without_a_release_has_no_champion():
    assert parse_served(metrics("")).champions == frozenset()


def test_a_service_that_is_down_is_an_error_that_says_what_to_do(stand_in):
    stand_in.stop()

    with pytest.raises(ServiceUnreadable, match=r"Start the service by `make run`.* API_URL"):
        read_served(stand_in.url)


@pytest.mark.parametrize(
    ("status", "says", "why"),
    [
        (500, "", "it answers status 500"),
        (200, "<html>welcome</html>", "no metrics of ours"),
        (200, "", "no metrics of ours"),
        (200, "# TYPE other_total counter\nother_total 1\n", "there is no titanic_live_release"),
        (200, 'titanic_live_release{variant="champion"} 1\n', "no metrics of ours"),
        (200, 'titanic_requests_total{route="/api/v1/predict",status="200"} NaN\n', "no metrics"),
        (200, 'titanic_live_release{model_version="4', "no metrics of ours"),
    ],
)
def test_nonsense_is_an_error_and_not_a_service_without_requests(stand_in, status, says, why):
    stand_in.status, stand_in.says = status, says

    with pytest.raises(ServiceUnreadable, match=why):
        read_served(stand_in.url)
