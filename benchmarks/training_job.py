"""The whole training job on the packaged list, from raw passengers to a champion."""

from collections.abc import Callable
from pathlib import Path
from statistics import mean

from benchmarks.processes import BenchmarkFailed, run_costed
from benchmarks.results import Figure, Section
from titanic_assets.settings import Settings
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.registry import Registry

THOROUGH = 60
_SECONDS = 40.0


def measure(folder: Path, say: Callable[[str], None], *, thorough: bool) -> Section:
    """Run the job with the default budget and, if asked to, with the documented larger one."""
    trials = Settings.model_fields["search_trials"].default
    figures = _run(folder / "default", trials, _SECONDS, say)
    if thorough:
        figures += _run(folder / "thorough", THOROUGH, None, say)
    return Section(
        part="training",
        title="The training job",
        words=(
            "`training_job` on the packaged list in one process and on a fresh home: ingestion, "
            "features, online store, search, evaluation, promotion. `--thorough` adds the larger "
            f"budget, `SEARCH_TRIALS={THOROUGH}`."
        ),
        figures=figures,
    )


def _run(
    home: Path, trials: int, bar: float | None, say: Callable[[str], None]
) -> tuple[Figure, ...]:
    say(f"training job, {trials} trials")
    cost, _ = run_costed(
        ["-m", "benchmarks.graph", str(home), "packaged"], home, SEARCH_TRIALS=str(trials)
    )
    settings = Settings(titanic_home=home)
    if PromotionLedger(settings.places.ledger).last("champion") is None:
        raise BenchmarkFailed("the training job promoted nothing")
    seconds = _trial_seconds(settings)
    if len(seconds) != trials:
        raise BenchmarkFailed(f"{trials} trials were asked for, {len(seconds)} are in MLflow")
    say(f"  {cost.wall:.1f} s, {mean(seconds):.2f} s a trial")
    return (
        Figure(f"training job, {trials} trials", cost.wall, "s", bar),
        Figure(f"its CPU time, {trials} trials", cost.cpu, "s"),
        Figure(f"its peak memory, {trials} trials", cost.peak_mb, "MB"),
        Figure(f"mean time of one of {trials} trials", mean(seconds), "s"),
    )


def _trial_seconds(settings: Settings) -> list[float]:
    registry = Registry(settings.tracking_uri)
    runs = registry.client.search_runs(
        [registry.experiment], "metrics.seconds > 0", max_results=1000
    )
    return [run.data.metrics["seconds"] for run in runs]
