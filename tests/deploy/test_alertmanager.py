"""Who hears of what: by amtool, and by a real Alertmanager and what takes its messages."""

import re
import shutil
import subprocess
from datetime import UTC, datetime

import httpx
import pytest
import yaml

from tests.alerts.receiver import Receiver
from tests.deploy.conftest import ALERTS, MONITORING, run
from tests.deploy.conftest import alertmanager as alertmanager_program
from tests.service.serving import free_port, wait_until
from titanic_assets.settings import CHECKOUT

CONFIG = yaml.safe_load((MONITORING / "alertmanager.yml").read_text())
RECEIVERS = {"critical": "on_call", "warning": "team", "none": "nobody"}
RULES = {rule["alert"]: rule for rule in ALERTS}


def test_amtool_finds_nothing_wrong():
    said = run("amtool", "check-config", "alertmanager.yml")
    assert "SUCCESS" in said


@pytest.mark.parametrize(("severity", "receiver"), RECEIVERS.items())
def test_each_severity_has_its_receiver(severity, receiver):
    command = ["amtool", "config", "routes", "test", "--config.file=alertmanager.yml"]
    assert run(*command, f"severity={severity}", "part=service").splitlines()[0] == receiver


def test_no_alert_goes_where_nobody_has_thought_of():
    assert {rule["labels"]["severity"] for rule in ALERTS} == set(RECEIVERS)
    assert [rule["alert"] for rule in ALERTS if rule["labels"]["severity"] == "none"] == [
        "TitanicWatchdog"
    ]


def test_addresses_are_in_files_that_git_does_not_take():
    text = (MONITORING / "alertmanager.yml").read_text()
    assert "://" not in text
    files = re.findall(r"api_url_file: (\S+)", text)
    assert len(files) == sum(len(each.get("slack_configs", [])) for each in CONFIG["receivers"])
    for file in files:
        ignored = subprocess.run(
            ["git", "check-ignore", str(MONITORING / file)],
            cwd=CHECKOUT,
            capture_output=True,
            check=False,
        )
        assert ignored.returncode == 0, file


def test_what_is_silenced_is_something_that_there_is():
    labels = {"alertname": set(RULES)} | {
        label: {rule["labels"][label] for rule in ALERTS}
        for label in ("part", "trouble", "severity")
    }
    for rule in CONFIG["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            label, values = re.fullmatch(r'(\w+)!?=~?"(.*)"', matcher).groups()
            assert set(values.split("|")) <= labels[label], matcher


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture
def alertmanager(tmp_path, receiver):
    """A real one by the config as it is, only in a greater hurry."""
    program = alertmanager_program()
    folder = shutil.copytree(MONITORING, tmp_path / "monitoring")
    config = folder / "alertmanager.yml"
    config.write_text(re.sub(r"(group_\w+): \d\w+", r"\1: 1s", config.read_text()))
    (folder / "secrets").mkdir()
    for name in ("on_call", "team"):
        (folder / "secrets" / name).write_text(f"{receiver.url}/{name}\n")
    port = free_port()
    command = [
        program, "--config.file=alertmanager.yml", f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)
    try:
        wait_until(lambda: ready(client), what="Alertmanager was not ready")
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def ready(client):
    try:
        return client.get("/-/ready").status_code == 200
    except httpx.TransportError:
        return False


def fires(name, /, **labels):
    """An alert as Prometheus sends it; what it says is not filled in."""
    rule = RULES[name]
    return {
        "labels": {"alertname": name, **rule["labels"], **labels},
        "annotations": rule["annotations"],
        "startsAt": datetime.now(UTC).isoformat(),
    }


def test_a_service_that_is_down_is_told_of_alone_and_other_trouble_beside_it(
    alertmanager, receiver
):
    alerts = [
        fires("TitanicServiceDown"),
        fires("TitanicSlow"),
        fires("TitanicVerySlow"),
        fires("TitanicInstanceDown", instance="a"),
        fires("TitanicInstanceDown", instance="b"),
        fires("TitanicDaemonStopped", daemon="sensor"),
        fires("TitanicSensorNotTicking", name="landing_sensor"),
        fires("TitanicMonitorBlind", source="alerts"),
        fires("TitanicWatchdog"),
    ]
    alertmanager.post("/api/v2/alerts", json=alerts).raise_for_status()
    wait_until(lambda: len(receiver.taken) == 3, 10, "three messages did not come")

    messages = {
        (path.rpartition("/")[2], content["attachments"][0]["title"]): content
        for path, _, content in receiver.taken
    }
    assert set(messages) == {
        ("on_call", "CRITICAL: Nobody gets a prediction"),
        ("on_call", "CRITICAL: " + RULES["TitanicDaemonStopped"]["annotations"]["summary"]),
        ("team", RULES["TitanicMonitorBlind"]["annotations"]["summary"]),
    }
    [message] = messages["on_call", "CRITICAL: Nobody gets a prediction"]["attachments"]
    assert message["color"] == "danger"
    assert message["text"].splitlines() == [
        "No machine of the service has answered Prometheus for a minute.",
        "What to do: docs/runbook.md#titanicservicedown",
    ]
    silenced = {
        alert["labels"]["alertname"]
        for alert in alertmanager.get("/api/v2/alerts").json()
        if alert["status"]["state"] == "suppressed"
    }
    assert silenced == {
        "TitanicSlow", "TitanicVerySlow", "TitanicInstanceDown", "TitanicSensorNotTicking",
    }  # fmt: skip


def test_the_same_of_two_machines_is_one_message_and_its_end_another(alertmanager, receiver):
    alerts = [fires("TitanicReleaseBehind", instance=name) for name in ("a", "b")]
    for alert in alerts:
        name = alert["labels"]["instance"]
        alert["annotations"] = {**alert["annotations"], "summary": f"{name} is behind"}
    alertmanager.post("/api/v2/alerts", json=alerts).raise_for_status()
    wait_until(lambda: receiver.taken, 10, "no message came")

    [(path, _, content)] = receiver.taken
    [message] = content["attachments"]
    assert path.endswith("/team")
    assert (message["title"], message["color"]) == ("2 times TitanicReleaseBehind", "warning")
    description = RULES["TitanicReleaseBehind"]["annotations"]["description"]
    assert message["text"].splitlines() == [
        f"a is behind. {description}",
        f"b is behind. {description}",
        "What to do: docs/runbook.md#titanicreleasebehind",
    ]
    ended = datetime.now(UTC).isoformat()
    alertmanager.post("/api/v2/alerts", json=[alert | {"endsAt": ended} for alert in alerts])
    wait_until(lambda: len(receiver.taken) == 2, 10, "its end was not told of")
    assert receiver.taken[1][2]["attachments"][0]["title"].startswith("over: ")
