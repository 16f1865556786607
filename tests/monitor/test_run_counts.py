from tests.monitor.seen import NOW, an_ended_run, counts_of
from titanic_assets.monitor.metrics import RUN_SECONDS


def test_a_run_counts_once_however_often_it_is_seen():
    counts = counts_of(an_ended_run("1"), an_ended_run("1"), an_ended_run("2", ending="failure"))
    assert counts.endings == {("training_job", "success"): 1, ("training_job", "failure"): 1}


def test_durations_are_of_runs_that_ended_by_themselves():
    counts = counts_of(
        an_ended_run("1", seconds=2.0),
        an_ended_run("2", seconds=70.0, ending="failure"),
        an_ended_run("3", seconds=4000.0),
        an_ended_run("4", seconds=900.0, ending="canceled"),
        an_ended_run("5", seconds=None),
    )
    durations = counts.durations["training_job"]
    assert dict(zip(RUN_SECONDS, durations.within, strict=True)) == {
        1: 0, 2.5: 1, 5: 1, 10: 1, 20: 1, 30: 1, 60: 1, 120: 2, 300: 2, 600: 2, 1800: 2, 3600: 2,
    }  # fmt: skip
    assert (durations.count, durations.sum) == (3, 4072.0)


def test_the_last_success_is_the_latest_in_whatever_order_they_come():
    counts = counts_of(
        an_ended_run("1", ended=NOW - 5),
        an_ended_run("2", ended=NOW - 50),
        an_ended_run("3", ended=NOW - 1, ending="failure"),
    )
    assert counts.last_success == {"training_job": NOW - 5}
