"""Experiments that have come to a verdict, made up for tests."""

from pydantic import TypeAdapter

from titanic_assets.monitoring.experiment.report import (
    EXPERIMENT_REPORT,
    Contestant,
    Experiment,
    ExperimentReport,
)
from titanic_model.experiments import Recommendation


def an_experiment(verdict, sentence, *, champion="a", challenger="b", design="shadow"):
    return Experiment(
        champion=Contestant(1, champion, 1000),
        challenger=Contestant(2, challenger, 1000),
        design=design,
        first=None,
        last=None,
        agreement=None,
        contest=None,
        recommendation=Recommendation(verdict, sentence),
    )


def write_report(settings, experiment):
    """Where the asset's value lies."""
    report = ExperimentReport("report", 0.0, "Why.", None, experiment)
    path = settings.places.tables / f"{EXPERIMENT_REPORT}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(TypeAdapter(ExperimentReport).dump_json(report))
