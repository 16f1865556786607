"""Changes of what is live, under traffic, on the running service with two workers."""

import threading
from collections import defaultdict

import httpx
import pytest

from tests.service.live.breaking import (
    both_have_begun,
    make_live,
    of_other_features,
    wrong_about_golden_rows,
)
from tests.service.releases import of_version, publish
from tests.service.serving import start_service, wait_until
from titanic_model.published import CURRENT, read_current

_PASSENGER = {"pclass": 1, "sex": "female"}


@pytest.fixture(scope="module")
def changing(champion, challenger, tmp_path_factory):
    """A service of two workers on a folder that these tests change."""
    folder = tmp_path_factory.mktemp("changing")
    publish(folder, champion, challenger)
    running = start_service(
        tmp_path_factory.mktemp("service"), workers=2, releases_uri=f"file://{folder}"
    )
    running.folder = folder
    wait_until(lambda: both_have_begun(running))
    yield running
    running.stop()


class Traffic:
    """Clients that go on asking, each over connections of its own, and remember the answers."""

    def __init__(self, url, clients=4):
        self._url = url
        self._over = threading.Event()
        self.failures = []
        # By connection, and so by worker: the versions in the order of the answers.
        self.versions = defaultdict(list)
        self._threads = [
            threading.Thread(target=self._ask, args=(number,)) for number in range(clients)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        wait_until(lambda: len(self.versions) == len(self._threads))
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number):
        with httpx.Client(base_url=self._url, timeout=30, trust_env=False) as client:
            while not self._over.is_set():
                try:
                    answer = client.post("/api/v1/predict", json=_PASSENGER)
                    answer.raise_for_status()
                    self.versions[number].append(answer.json()["model_version"])
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))

    def all_see(self, version, seconds=10):
        wait_until(
            lambda: all(seen[-1] == version for seen in self.versions.values()),
            seconds,
            f"not everybody was answered by version {version}",
        )


def changes_of(versions):
    """The versions without repetitions of one right after itself."""
    return [
        version
        for version, before in zip(versions, [None, *versions], strict=False)
        if version != before
    ]


def live_of(service):
    return service.client.get("/api/v1/model").json()


def test_under_traffic_no_request_fails_and_nobody_goes_back(changing, champion, challenger):
    make_live(changing.folder, champion)
    with Traffic(changing.url) as traffic:
        traffic.all_see("1")
        make_live(changing.folder, of_version(challenger, "3"))
        traffic.all_see("3")
        make_live(changing.folder, champion)
        traffic.all_see("1")
        for number in range(100, 130):
            make_live(changing.folder, of_version(champion, str(number)))
        traffic.all_see("129")
    assert traffic.failures == []
    for versions in traffic.versions.values():
        changes = changes_of(versions)
        assert changes[:3] == ["1", "3", "1"]
        burst = [int(version) for version in changes[3:]]
        assert burst == sorted(burst)
        assert burst[-1] == 129


def test_champion_and_challenger_are_told_with_all_that_is_known_of_them(
    changing, champion, challenger
):
    make_live(changing.folder, of_version(challenger, "8"), of_version(champion, "9"))
    wait_until(lambda: live_of(changing)["champion"]["version"] == "8")
    model = live_of(changing)
    assert model["challenger"]["version"] == "9"
    assert model["champion"]["family"] == "gradient_boosting"
    assert model["champion"]["provenance"]["mlflow_run_id"] == "mlflow-run"
    assert model["champion"]["digest"].startswith(model["champion"]["name"].partition("-")[2])
    assert model["source"] == str(changing.folder)
    assert model["unreachable"] is None


def refusal_of(service, name):
    return next((r["reason"] for r in live_of(service)["refused"] if r["name"] == name), None)


def test_a_refusal_is_told_in_log_model_and_metric_and_undone_by_a_good_release(changing, champion):
    make_live(changing.folder, of_version(champion, "40"))
    wait_until(lambda: live_of(changing)["champion"]["version"] == "40")
    refused = changing.metrics()["titanic_releases_refused_total"]
    [name] = make_live(changing.folder, of_other_features(of_version(champion, "41")))
    wait_until(lambda: refusal_of(changing, name))
    assert "restart with the bento that was built for it" in refusal_of(changing, name)
    assert changing.predict().json()["model_version"] == "40"
    wait_until(lambda: changing.metrics()["titanic_releases_refused_total"] == refused + 2)
    assert changing.metrics()["titanic_releases_behind"] == 1
    assert changing.log.count(f'"release": "{name}", "reason": "release 41 reads features') == 2
    states = {m["name"]: m["state"] for m in changing.client.get("/api/v1/models").json()["models"]}
    assert states[name] == "refused"

    make_live(changing.folder, of_version(champion, "42"))
    wait_until(lambda: live_of(changing)["champion"]["version"] == "42")
    wait_until(lambda: changing.metrics()["titanic_releases_behind"] == 0)
    assert refusal_of(changing, name)  # it can still be read why


def test_a_refused_challenger_leaves_the_champion_alone(changing, champion):
    broken = wrong_about_golden_rows(of_version(champion, "51"))
    [_, name] = make_live(changing.folder, of_version(champion, "50"), broken)
    wait_until(lambda: live_of(changing)["champion"]["version"] == "50")
    wait_until(lambda: refusal_of(changing, name))
    assert live_of(changing)["challenger"] is None


def test_garbage_and_nothing_at_all_change_nothing(changing, champion):
    make_live(changing.folder, of_version(champion, "60"))
    wait_until(lambda: live_of(changing)["champion"]["version"] == "60")
    (changing.folder / CURRENT).write_text('{"champion": "../../etc"}')
    wait_until(lambda: refusal_of(changing, CURRENT))
    (changing.folder / CURRENT).unlink()
    wait_until(lambda: live_of(changing)["unreachable"])
    assert "no current.json" in live_of(changing)["unreachable"]
    assert changing.client.get("/readyz").status_code == 200
    assert changing.predict().json()["model_version"] == "60"


def test_broken_directories_do_not_hide_the_other_releases(changing, champion, challenger):
    names = make_live(changing.folder, of_version(champion, "70"), of_version(challenger, "71"))
    wait_until(lambda: live_of(changing)["champion"]["version"] == "70")
    for number, content in enumerate(("", "{", "[]", '{"version": 1}', "\0"), 900):
        (changing.folder / f"{number}-0123456789ab").mkdir()
        (changing.folder / f"{number}-0123456789ab/metadata.json").write_text(content)
    (changing.folder / "899-0123456789ab").mkdir()
    (changing.folder / "899-0123456789ab/metadata.json").mkdir()
    known = changing.client.get("/api/v1/models").json()
    states = {model["name"]: model["state"] for model in known["models"]}
    assert [states[name] for name in names] == ["champion", "challenger"]
    newest = [model["version"] for model in known["models"][:5]]
    assert newest == ["904", "903", "902", "901", "900"]
    assert {state for name, state in states.items() if name.endswith("0123456789ab")} == {"broken"}


def test_the_live_metrics_name_what_is_live_and_no_more(changing, champion):
    make_live(changing.folder, of_version(champion, "80"))
    wait_until(lambda: live_of(changing)["champion"]["version"] == "80")
    name = read_current(changing.folder).champion

    def live():
        return {
            labels
            for labels, value in changing.metrics().items()
            if labels.startswith("titanic_live_release{") and value
        }

    wait_until(lambda: len(live()) == 1)
    [labels] = live()
    assert f'release="{name}"' in labels
    assert 'model_version="80"' in labels
    assert changing.metrics()["titanic_models_loaded"] == 1
