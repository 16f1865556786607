"""The sensor watches what was promoted, and asks once for the withdrawal of what does worse."""

import time
from datetime import UTC, datetime

import dagster as dg
import pytest

from tests.health.stand_in import metrics
from tests.prediction_log.lines import a_line
from tests.releasing.releases import a_release
from titanic_assets.automation.health import release_health_sensor
from titanic_assets.definitions import define
from titanic_assets.prediction_log.segments import LogUnreadable
from titanic_assets.releasing.health.served import ServiceUnreadable
from titanic_assets.releasing.health.watching import Memory
from titanic_assets.settings import Settings
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger
from titanic_model.published import publish_release

# One says that women survive, the next says nearly the same, and the last that nobody does.
USUAL, SIMILAR, OTHER = (a_release("1"), a_release("2", -0.9), a_release("3", -3.0))
PASSENGERS = [
    {"sex": sex, "age": float(age)} for sex in ("female", "male") for age in range(20, 70)
]


class Home:
    """A home in which releases are promoted and predictions logged, and its sensor's ticks."""

    def __init__(self, folder, service, instance):
        self.settings = Settings(titanic_home=folder, api_url=service.url)
        self.ledger = PromotionLedger(self.settings.places.ledger)
        self.service = service
        self.instance = instance
        self.cursor = None
        self.releases = {1: USUAL, 2: SIMILAR, 3: OTHER}
        for release in self.releases.values():
            publish_release(release, self.settings.places.releases)

    def promoted(self, *versions, kind="promotion", minutes_ago=0.0):
        for version in versions:
            number = len(self.ledger.events())
            self.ledger.append(
                PromotionEvent(
                    event_id=f"event-{number}",
                    when=datetime.fromtimestamp(time.time() - 60 * minutes_ago, UTC),
                    who="somebody",
                    alias="champion",
                    from_version=None,
                    to_version=version,
                    why="because",
                    digest=self.releases[version].model_digest,
                    dagster_run_id=None,
                    kind=kind,
                )
            )

    def answers(self, version, *, fine=0, failed=0):
        self.service.says = metrics(str(version), fine=fine, failed=failed)

    def logged(self, version, *, ago=0.0, latency_ms=1.0, passengers=PASSENGERS):
        """All these passengers, answered by that version so many seconds ago."""
        at = time.time() - ago
        began = datetime.fromtimestamp(at, UTC)
        day = self.settings.places.prediction_log / f"{began:%Y-%m-%d}"
        day.mkdir(parents=True, exist_ok=True)
        count = len(list(day.iterdir()))
        name = f"{began:%Y-%m-%dT%H-%M-%S.%f}Z-host-0-{count:08x}.jsonl.open"
        lines = [
            a_line(at, version=str(version), latency_ms=latency_ms, **each) for each in passengers
        ]
        (day / name).write_bytes(b"".join(lines))

    def lose_the_log(self):
        """Whoever reads it from now on fails."""
        folder = self.settings.places.prediction_log
        if folder.exists():
            folder.rename(folder.with_name("lost"))
        folder.symlink_to(folder)

    def tick(self):
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"settings": self.settings}
        ) as context:
            found = release_health_sensor.evaluate_tick(context)
        self.cursor = found.cursor
        return found

    def requests(self):
        """What a tick asks for."""
        return self.tick().run_requests or []

    def says(self):
        return self.tick().skip_message


@pytest.fixture
def home(tmp_path, stand_in):
    with dg.DagsterInstance.ephemeral() as instance:
        yield Home(tmp_path, stand_in, instance)


def live(home, version, before=1):
    """That version has been live for a look, after the one before it had its time."""
    home.promoted(before, version)
    home.logged(before, ago=60)
    home.answers(before, fine=1000)
    home.tick()
    home.answers(version, fine=1100)
    home.tick()


def test_a_release_as_good_as_the_one_before_stays(home):
    live(home, 2)
    home.logged(2)
    home.answers(2, fine=1300)

    assert home.says().startswith(
        "version 2 beside version 1 is healthy: 0 % of 200 requests for predictions failed"
    )


def test_a_release_that_says_something_else_is_withdrawn_as_soon_as_it_is_live(home):
    home.promoted(1, 3)
    home.logged(1, ago=60)
    home.answers(3, fine=10)

    (request,) = home.requests()

    assert request.run_key == "withdraw-event-1"
    config = request.run_config["ops"]["move_back"]["config"]
    assert config["version"] == 3
    assert config["reason"] == (
        "worse than version 1: 50 of 100 answers about the same passengers are others than before "
        "(50.0%); at most 25.0% may be"
    )
    assert request.tags["titanic/withdraws"] == "3"


def test_what_was_moved_by_hand_is_watched_too(home):
    home.promoted(1)
    home.promoted(3, kind="by_hand")
    home.logged(1, ago=60)
    home.answers(3)

    assert len(home.requests()) == 1


def test_one_that_was_withdrawn_and_is_brought_back_by_hand_is_watched_anew(home):
    home.promoted(1, 3)
    home.promoted(1, kind="rollback")
    home.promoted(3, kind="by_hand")
    home.logged(1, ago=60)
    home.answers(3)

    assert len(home.requests()) == 1


def test_requests_that_fail_withdraw_a_release(home):
    live(home, 2)
    home.answers(2, fine=1200, failed=60)

    (request,) = home.requests()

    assert "37.5% of 160 requests for predictions failed (0 % of" in str(request.run_config)


def test_slow_answers_of_a_model_that_is_not_slow_withdraw_nothing(home):
    live(home, 2)
    home.logged(2, latency_ms=80.0)
    home.answers(2, fine=1300)

    assert "19 of 20 answers come within 80.0 ms" in (said := home.says())
    assert said.endswith("Look at the machine")


def test_a_withdrawal_is_asked_for_once_even_if_the_cursor_is_wiped(home):
    home.promoted(1, 3)
    home.logged(1, ago=60)
    home.answers(3, fine=10)
    (first,) = home.requests()

    assert home.says().startswith("version 3 was found unfit, and rollback_job was started for it")
    home.cursor = None
    (again,) = home.requests()
    assert again.run_key == first.run_key


def test_a_later_promotion_of_the_same_version_is_another_event(home):
    home.promoted(1, 3, 1, 3)
    home.logged(1, ago=60)
    home.answers(3, fine=10)

    assert [request.run_key for request in home.requests()] == ["withdraw-event-3"]


def test_without_enough_evidence_it_says_what_is_missing(home):
    home.promoted(1, 2)
    home.answers(2, fine=5)

    assert home.says() == (
        "version 2 beside version 1 cannot be judged yet: 0 of 100 requests were seen; only 0 "
        "different passengers like those it was trained on are in the log; 0 of 100 single answers "
        "of it"
    )


def test_a_release_before_that_is_gone_is_told(home):
    home.releases[1] = a_release("1", -2.0)
    home.promoted(1, 2)
    home.answers(2)

    assert "(no release of version 1 is in" in home.says()


def test_a_champion_that_is_not_live_yet_is_waited_for(home):
    home.promoted(1, 3)
    home.logged(1, ago=60)
    home.answers("1 3")

    assert home.says() == "version 3 is champion, and the service answers with 1, 3"
    home.answers("")
    assert home.says() == "version 3 is champion, and the service answers with none"


@pytest.mark.parametrize(
    "history",
    [
        lambda home: home.promoted(),
        lambda home: home.promoted(3),
        lambda home: (home.promoted(1, 3), home.promoted(1, kind="rollback")),
        lambda home: (home.promoted(1, 3), home.promoted(1, kind="by_hand")),
        lambda home: home.promoted(1, 3, minutes_ago=31),
    ],
    ids=["nothing", "the first champion", "a rollback", "a way back by hand", "one that is proven"],
)
def test_where_nothing_is_watched_nothing_but_the_counters_is_read(home, history):
    history(home)
    home.lose_the_log()
    home.answers(3, fine=10, failed=900)

    for _ in range(3):
        assert "nothing is watched" in home.says()
    assert home.service.asked == 1


def test_while_nothing_is_watched_a_service_that_is_down_is_told_and_no_failure(home):
    home.service.stop()

    assert "cannot be read" in home.says()


def test_a_look_that_fails_says_so_and_forgets_nothing(home):
    live(home, 2)
    known = home.cursor
    home.service.status = 503

    with pytest.raises(ServiceUnreadable, match="it answers status 503"):
        home.tick()
    home.service.status = 200
    home.lose_the_log()
    with pytest.raises(LogUnreadable, match="PREDICTION_LOG_URI"):
        home.tick()

    assert home.cursor == known
    assert Memory.from_text(known).watch is not None


def test_a_restart_of_the_service_is_no_fault_of_the_release(home):
    live(home, 2)
    home.logged(2)
    home.answers(2, fine=1300)
    home.tick()
    home.answers("", failed=500)
    home.tick()
    home.answers(2, fine=40, failed=500)
    home.tick()
    home.answers(2, fine=240, failed=500)

    assert home.says().startswith(
        "version 2 beside version 1 is healthy: 0 % of 440 requests for predictions failed"
    )


def test_it_runs_every_ten_seconds_and_is_on(tmp_path):
    sensor = define(Settings(titanic_home=tmp_path)).resolve_sensor_def("release_health_sensor")

    assert sensor.minimum_interval_seconds == 10
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.job_name == "rollback_job"
