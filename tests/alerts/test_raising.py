"""An alert is written down and told once, whoever takes it and however badly."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from pydantic import SecretStr

from tests.alerts.alerts import an_alert
from tests.alerts.receiver import SECRET, Receiver
from tests.service.serving import CHECKOUT, free_port, wait_until
from titanic_assets.alerts.delivery import deliver_pending
from titanic_assets.alerts.raising import raise_alert, trouble_over
from titanic_assets.settings import Settings


@pytest.fixture
def told(settings, said, clock):
    """Raise an alert and return its record."""

    def raised(alert=None, **changes):
        return raise_alert(
            settings.model_copy(update=changes), alert or an_alert(), said.append, clock=clock
        )

    return raised


@pytest.fixture
def deliver(settings, said, clock):
    def delivered(seconds=20.0):
        deliver_pending(settings, said.append, seconds=seconds, clock=clock)

    return delivered


def test_an_alert_is_posted_as_slack_takes_it_and_kept(told, receiver, ledger, said, clock):
    record = told()

    assert receiver.taken == [
        (
            f"/services/{SECRET}",
            "application/json",
            {
                "text": "[warning] Passengers have changed\nThey are older.\nFor users: nothing.\n"
                "Report: http://localhost:5000/report"
            },
        )
    ]
    assert (record.state, record.attempts, record.sent) == ("sent", 1, clock.now)
    assert ledger.records() == (record,)
    assert said == ["alert sent: Passengers have changed"]


def test_without_a_webhook_the_ledger_has_it_and_the_log_says_that_nobody_got_it(
    told, receiver, ledger, said, deliver
):
    record = told(slack_webhook_url=None)

    assert ledger.records() == (record,)
    assert record.state == "not_configured"
    reason = "alert not sent, as SLACK_WEBHOOK_URL is not set"
    assert said == [f"{reason}: Passengers have changed. They are older.\nFor users: nothing."]
    deliver()
    assert receiver.taken == []


def test_what_nobody_could_be_told_is_told_once_a_webhook_is_set(told, receiver):
    told(slack_webhook_url=None)

    assert told().state == "sent"
    assert len(receiver.taken) == 1


def test_the_same_trouble_is_told_once_a_day(told, receiver, ledger, clock):
    told()
    clock.on(hours=23)
    assert told(an_alert(text="other words")).repeats == 1
    assert len(receiver.taken) == 1
    clock.on(hours=1)

    assert told().repeats == 0
    assert len(receiver.taken) == 2
    assert [record.repeats for record in ledger.records()] == [1, 0]


def test_a_trouble_that_was_over_is_news_again(told, receiver, ledger, settings, said, clock):
    told()
    trouble_over(settings, "drift:4:age", said.append, clock=clock)
    trouble_over(settings, "drift:4:age", said.append, clock=clock)
    told()

    assert len(receiver.taken) == 2
    assert [record.over for record in ledger.records()] == [clock.now, None]
    assert said.count("over: Passengers have changed") == 1


def test_other_troubles_are_told_each(told, receiver):
    told()
    told(an_alert(key="drift:4:fare"))

    assert len(receiver.taken) == 2


def test_a_receiver_that_fails_gets_it_when_it_is_well_again(
    told, receiver, ledger, said, deliver, clock
):
    receiver.status = 500
    record = told()
    assert (record.state, record.problem) == (
        "pending",
        "what is at SLACK_WEBHOOK_URL answers status 500",
    )
    assert said == [f"alert not sent yet, as {record.problem}: Passengers have changed"]
    receiver.status = 200
    deliver()
    assert len(receiver.taken) == 1  # not at once
    clock.on(seconds=31)

    deliver()
    deliver()

    assert len(receiver.taken) == 2
    assert ledger.records()[0].state == "sent"
    assert len(set(receiver.ids)) == 1


def test_after_an_hour_out_of_reach_it_is_sent_once_and_says_since_when(
    settings, ledger, said, clock
):
    port = free_port()
    settings = settings.model_copy(
        update={"slack_webhook_url": SecretStr(f"http://127.0.0.1:{port}/{SECRET}")}
    )
    record = raise_alert(settings, an_alert(), said.append, clock=clock)
    assert record.problem == "what is at SLACK_WEBHOOK_URL refuses connections"
    for _ in range(120):
        clock.on(seconds=30)
        deliver_pending(settings, said.append, clock=clock)
    (record,) = ledger.records()
    assert record.state == "pending"
    assert 8 < record.attempts < 15  # ever more seldom
    receiver = Receiver(port)
    try:
        for _ in range(20):
            clock.on(seconds=30)
            deliver_pending(settings, said.append, clock=clock)
        (text,) = receiver.texts
    finally:
        receiver.stop()
    assert text.startswith("[warning] Passengers have changed (since 2027-01-15 08:00 UTC)\n")
    assert ledger.records()[0].state == "sent"


def test_after_a_day_it_is_given_up_and_that_is_said(told, receiver, ledger, said, deliver, clock):
    receiver.status = 500
    told()
    clock.on(hours=24)

    deliver()
    deliver()

    assert len(receiver.taken) == 2  # once more, as who was asleep has not tried for a day
    assert ledger.records()[0].state == "given_up"
    why = "what is at SLACK_WEBHOOK_URL answers status 500"
    assert said[2:] == [f"alert given up after a day, as {why}: Passengers have changed"]


def test_what_waited_while_the_machine_slept_for_days_is_sent(
    told, receiver, ledger, deliver, clock
):
    receiver.status = 500
    told()
    receiver.status = 200
    clock.on(hours=60)

    deliver()

    assert len(receiver.taken) == 2
    assert ledger.records()[0].state == "sent"


def test_a_clock_that_was_ahead_by_a_year_and_is_set_back_silences_nobody(
    told, receiver, ledger, deliver, clock
):
    clock.on(hours=8760)
    for number in range(20):
        told(an_alert(key=f"drift:{number}", severity="critical"))
    receiver.status, receiver.headers = 429, {"Retry-After": "3600"}
    told(an_alert(key="waits", severity="critical"))
    receiver.status = 200
    clock.on(hours=-8760)

    deliver()
    assert told(an_alert(key="drift:1")).state == "sent"

    assert {record.state for record in ledger.records()} == {"sent"}


def test_names_that_are_no_text_are_told_all_the_same(told, receiver):
    assert told(an_alert(title="caf\udce9.csv was refused")).state == "sent"
    assert receiver.texts[0].startswith("[warning] caf?.csv was refused")


def test_a_receiver_that_is_slow_is_not_waited_for_and_meanwhile_nobody_else_delivers(
    told, receiver, deliver, clock, ledger
):
    receiver.go_on.clear()
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(told)
        wait_until(lambda: receiver.taken)
        assert told(an_alert(key="another")).state == "pending"
        deliver(seconds=0.1)
        assert len(receiver.taken) == 1
        record = slow.result()

    assert time.monotonic() - began < 10  # of twenty that it would take
    assert record.state == "pending"
    assert record.problem == "what is at SLACK_WEBHOOK_URL does not answer in time"
    receiver.go_on.set()
    clock.on(minutes=1)
    deliver()
    assert {record.state for record in ledger.records()} == {"sent"}


def test_one_that_answers_byte_by_byte_has_taken_it_when_it_says_so(told, receiver):
    receiver.seconds_per_byte["body"] = 0.5

    assert told().state == "sent"


def test_one_whose_status_comes_byte_by_byte_is_not_waited_for(settings, said, receiver, ledger):
    receiver.status = 500
    raise_alert(settings, an_alert(), said.append)
    receiver.seconds_per_byte["head"] = 0.2
    began = time.monotonic()

    deliver_pending(settings, said.append, seconds=0.5, clock=lambda: time.time() + 40)

    assert time.monotonic() - began < 5
    assert ledger.records()[0].problem == "what is at SLACK_WEBHOOK_URL does not answer in time"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_no_answer_and_is_not_followed(told, receiver, status):
    receiver.status, receiver.headers = status, {"Location": f"{receiver.url}/elsewhere"}

    record = told()

    assert record.problem == (
        f"what is at SLACK_WEBHOOK_URL answers status {status}, a redirect: set the address it "
        "leads to"
    )
    assert (len(receiver.taken), receiver.gets) == (1, 0)


def test_one_that_asks_for_rest_has_it_from_all_alerts(told, receiver, deliver, clock, ledger):
    receiver.status, receiver.headers = 429, {"Retry-After": "90"}
    assert told().problem.endswith("answers status 429 and wants 90 s of rest")
    receiver.status = 200
    clock.on(seconds=60)
    assert told(an_alert(key="another", severity="critical")).state == "pending"
    deliver()
    assert len(receiver.taken) == 1
    clock.on(seconds=31)

    deliver()

    assert len(receiver.taken) == 3
    assert {record.state for record in ledger.records()} == {"sent"}


def test_an_alert_that_is_not_taken_holds_up_no_other(told, receiver, deliver, clock):
    receiver.status = 400
    told()
    told(an_alert(key="another", title="another"))
    clock.on(minutes=5)

    deliver()

    assert [text.splitlines()[0] for text in receiver.texts[2:]] == [
        "[warning] Passengers have changed (since 2027-01-15 08:00 UTC)",
        "[warning] another (since 2027-01-15 08:00 UTC)",
    ]


@pytest.mark.parametrize(
    "address", [f"http://127.0.0.1:{{port}}/{SECRET}", f"{SECRET}:nonsense", f"gopher://{SECRET}"]
)
def test_the_address_is_never_told_whatever_is_wrong_with_it(
    address, settings, said, ledger, caplog
):
    where = SecretStr(address.format(port=free_port()))
    settings = settings.model_copy(update={"slack_webhook_url": where})

    raise_alert(settings, an_alert(text=f"it is {where.get_secret_value()}"), said.append)

    assert ledger.records()[0].problem
    assert SECRET not in f"{said}{caplog.text}{ledger.path.read_text()}"


def test_of_a_storm_people_are_told_together_and_how_long_there_is_silence(
    told, receiver, deliver, clock, ledger
):
    for number in range(40):
        told(an_alert(key=f"drift:{number}", title=f"alert {number}"))
        clock.on(minutes=1)
    assert len(receiver.taken) == 15
    last = receiver.texts[-1]
    assert last.startswith("[warning] alert 14\n")
    assert "too many alerts within an hour" in last
    assert "told together at 2027-01-15 09:00 UTC" in last
    told(an_alert(key="rollback", title="withdrawn", severity="critical"))
    assert receiver.texts[-1].startswith("[critical] withdrawn\n")
    clock.on(minutes=25)

    deliver()

    assert len(receiver.taken) == 17
    assert receiver.texts[-1].startswith("25 alerts, told together:\n[warning] alert 15 (since")
    assert {record.state for record in ledger.records()} == {"sent"}


def test_nothing_is_raised_where_the_ledger_cannot_be_written_and_people_are_told_once(
    tmp_path, receiver, said
):
    (tmp_path / "home").write_text("no folder")
    settings = Settings(titanic_home=tmp_path / "home", slack_webhook_url=receiver.url)
    alert = an_alert(key=f"of this test:{tmp_path}")

    assert raise_alert(settings, alert, said.append).state == "sent"
    assert raise_alert(settings, alert, said.append).state == "pending"
    assert trouble_over(settings, alert.key, said.append) is None
    deliver_pending(settings, said.append)

    assert len(receiver.taken) == 1
    assert said[0].startswith(f"alert not entered in {settings.places.alerts} (Not a directory)")


def test_without_a_ledger_what_nobody_took_is_tried_again(tmp_path, receiver, said, clock):
    (tmp_path / "home").write_text("no folder")
    settings = Settings(titanic_home=tmp_path / "home", slack_webhook_url=receiver.url)
    alert = an_alert(key=f"of this test:{tmp_path}")
    receiver.status = 500
    raise_alert(settings, alert, said.append, clock=clock)
    receiver.status = 200
    clock.on(minutes=1)
    assert raise_alert(settings, alert, said.append, clock=clock).state == "pending"
    clock.on(minutes=5)

    assert raise_alert(settings, alert, said.append, clock=clock).state == "sent"
    for number in range(20):
        raise_alert(settings, replace(alert, key=f"{tmp_path} {number}"), said.append, clock=clock)
    assert len(receiver.taken) == 1 + 20  # of an hour
    clock.on(hours=1)
    other = replace(alert, key=f"{tmp_path} and another")
    assert raise_alert(settings, other, said.append, clock=clock).state == "sent"


RAISING = """
import sys
from tests.alerts.alerts import an_alert
from titanic_assets.alerts.delivery import deliver_pending
from titanic_assets.alerts.raising import raise_alert
from titanic_assets.settings import load_settings
if sys.argv[1] == "raise":
    raise_alert(load_settings(), an_alert(), print)
else:
    import time
    print("here", flush=True)
    sys.stdin.read()
    deliver_pending(load_settings(), print, clock=lambda: time.time() + 60)
"""


def process(settings, what):
    return subprocess.Popen(
        [sys.executable, "-c", RAISING, what],
        cwd=CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "TITANIC_HOME": str(settings.titanic_home),
            "SLACK_WEBHOOK_URL": settings.slack_webhook_url.get_secret_value(),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_that_deliver_at_once_send_each_alert_once(settings, receiver, ledger, said):
    receiver.status = 400
    for number in range(6):
        raise_alert(settings, an_alert(key=f"drift:{number}"), said.append)
    receiver.status = 200
    receiver.seconds_per_byte["head"] = 0.002
    with process(settings, "deliver") as one, process(settings, "deliver") as other:
        for each in (one, other):
            each.stdout.readline()
        for each in (one, other):
            each.stdin.close()
        for each in (one, other):
            each.stdout.read()
    assert (one.returncode, other.returncode) == (0, 0)

    assert len(receiver.taken) == 12
    assert {record.state for record in ledger.records()} == {"sent"}


def test_an_alert_survives_whoever_is_killed_while_telling_it(settings, receiver, ledger, said):
    receiver.go_on.clear()
    with process(settings, "raise") as raising:
        wait_until(lambda: receiver.taken)
        raising.send_signal(signal.SIGKILL)
    (record,) = ledger.records()
    assert (record.state, record.attempts) == ("pending", 1)
    receiver.go_on.set()

    deliver_pending(settings, said.append)
    assert len(receiver.taken) == 1  # it may have been taken; there is no hurry
    deliver_pending(settings, said.append, clock=lambda: time.time() + 40)

    assert len(receiver.taken) == 2
    assert ledger.records()[0].state == "sent"
