"""The assets: values on disk, what the UI shows, pages, and what they remember."""

import dagster as dg
import numpy as np
import pytest

from tests.performance.rates import chances
from titanic_assets.asset_files import AssetFiles
from titanic_assets.assets.performance import experiment_report, performance_report
from titanic_assets.monitoring.experiment.report import read_experiment_report
from titanic_assets.monitoring.performance.history import history_file, read_history, remember
from titanic_assets.monitoring.performance.report import read_performance_report
from titanic_assets.monitoring.verdicts import read_verdict
from titanic_assets.tracking.monitoring_run import MonitoringRun


@pytest.fixture
def make(home, tmp_path):
    """Make both reports, as monitoring_job does."""

    def run():
        home.collect()
        settings = home.settings
        with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
            made = dg.materialize(
                [performance_report, experiment_report],
                instance=instance,
                resources={
                    "settings": settings,
                    "io_manager": AssetFiles(folder=str(settings.places.tables)),
                    "monitoring_run": MonitoringRun(
                        tracking_uri=settings.tracking_uri,
                        ui="http://localhost:5000",
                        folder=str(settings.places.mlflow),
                    ),
                },
            )
        assert made.success
        return made

    return run


def metadata(made, asset):
    return made.asset_materializations_for_node(asset)[0].metadata


def checks(made):
    return {each.check_name: each.passed for each in made.get_asset_check_evaluations()}


def pages(home, kind):
    found = home.settings.places.mlflow.rglob(f"{kind}/report.html")
    return [page.read_text(encoding="utf-8") for page in found]


def test_reports_are_values_pages_and_pictures(home, make, chance):
    champion, challenger = home.register(-1.0, "champion"), home.register(-1.1, "challenger")
    said = chances(chance, 240)
    truth = chance.random(240) < 1 - said
    home.asked(champion, said)
    home.asked(challenger, np.clip(1 - said, 0.02, 0.98), served=False)
    home.became(truth)
    made = make()

    report = read_performance_report(home.settings)
    verdict = read_verdict(home.settings, "performance_report")
    assert verdict.asks_for_training
    assert (verdict.report_id, verdict.why) == (report.report_id, report.why)
    assert verdict.link.endswith("/artifacts/performance/report.html?workflowType=machine_learning")
    assert checks(made) == {"as_good_as_promised": False, "enough_outcomes": True}
    shown = metadata(made, "performance_report")
    assert shown["asks for training"].value == "yes"
    assert shown["page"].url == verdict.link
    assert "accuracy_by_day_of_version_1.png" in shown["pictures"].value
    versions = shown["versions"].value.splitlines()
    found = [row.split(" | ")[-1] for row in versions[2:]]
    assert found == ["worse than promised |", "as promised |"]
    (page,) = pages(home, "performance")
    for words in ("Worse than promised", report.why, "Version 2, challenger", "data:image/png"):
        assert words in page
    assert "http" not in page

    experiment = read_experiment_report(home.settings)
    assert experiment.experiment.recommendation.verdict == "promote"
    assert "gain_of_the_challenger.png" in metadata(made, "experiment_report")["pictures"].value
    (page,) = pages(home, "experiment")
    for words in ("Promote the challenger", experiment.why, "passenger by passenger"):
        assert words in page

    past = history_file(home.settings.places.reports)
    assert [line.version for line in read_history(past)] == [champion, challenger]
    # The same outcomes again are no new report, and a torn line harms none.
    with past.open("a") as file:
        file.write('{"report_id": "to')
    remember(past, report)
    assert len(read_history(past)) == 2
    again = {**vars(report), "report_id": "another"}
    remember(past, type(report)(**again))
    assert [line.report_id for line in read_history(past)][2:] == ["another"] * 2


def test_a_home_where_nothing_happened_has_reports_that_say_so(home, make):
    made = make()
    assert checks(made) == {"as_good_as_promised": True, "enough_outcomes": False}
    assert not read_verdict(home.settings, "performance_report").asks_for_training
    assert "No version that is registered" in pages(home, "performance")[0]
    assert read_experiment_report(home.settings).why == "There is no challenger."
    assert pages(home, "experiment") == []


def test_before_there_are_outcomes_the_pages_say_what_is_missing(home, make):
    home.asked(home.register(-1.0, "champion"), [0.2, 0.7])
    home.asked(home.register(-1.1, "challenger"), [0.3, 0.8], served=False)
    made = make()
    assert checks(made)["enough_outcomes"] is False
    assert "0 of the 100 outcomes" in pages(home, "performance")[0]
    (page,) = pages(home, "experiment")
    assert "0 of 100 outcomes are known" in page
    assert "of these two it is not known yet" in page
