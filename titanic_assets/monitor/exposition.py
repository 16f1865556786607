"""What was seen, as Prometheus takes it. Ages are those at the moment it asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, get_args

import psutil
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from titanic_assets.alerts.alert import Kind, Severity, State
from titanic_assets.monitor import metrics
from titanic_assets.monitor.health import TICK_STATUSES, DagsterHealth
from titanic_assets.monitor.metrics import Metric
from titanic_assets.monitor.run_counts import Ending
from titanic_assets.monitor.sources import Alerts, Seen

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

    from titanic_assets.monitor.reports import Reports

CONTENT_TYPE = CONTENT_TYPE_LATEST

_Series = Iterable[tuple[tuple[str, ...], float]]


def expose(seen: Seen, now: float) -> bytes:
    """All metrics. What has not been seen for a while is left out: it may not be so any more."""
    found = [*_about_itself(seen, now)]
    dagster, alerts, reports = (
        seen.dagster.still_true(now),
        seen.alerts.still_true(now),
        seen.reports.still_true(now),
    )
    if dagster:
        found += _about_dagster(dagster, now)
    if alerts:
        found += _about_alerts(alerts)
    if reports:
        found += _about_reports(reports, now)
    registry = CollectorRegistry()
    registry.register(_Collected(found))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families


def _about_itself(seen: Seen, now: float) -> Iterator[Family]:
    looks = {(each.name,): getattr(seen, each.name) for each in fields(seen)}
    process = psutil.Process()
    spent = process.cpu_times()
    yield _family(
        metrics.SOURCE_UP,
        ((name, float(look.at is not None and not look.problem)) for name, look in looks.items()),
    )
    yield _family(
        metrics.READ_AGE,
        ((name, now - look.at) for name, look in looks.items() if look.at is not None),
    )
    yield _family(
        metrics.READ_SECONDS,
        ((name, look.seconds) for name, look in looks.items() if look.seconds is not None),
    )
    yield _family(metrics.CPU, [((), spent.user + spent.system)])
    yield _family(metrics.MEMORY, [((), process.memory_info().rss)])


def _about_dagster(seen: DagsterHealth, now: float) -> Iterator[Family]:
    age = _age_at(now)
    yield _family(
        metrics.HEARTBEAT_AGE,
        (((each.name,), age(each.heartbeat)) for each in seen.daemons if each.heartbeat),
    )
    yield _family(
        metrics.DAEMON_ERRORS, (((each.name,), len(each.errors)) for each in seen.daemons)
    )
    named = [((each.kind, each.name), each) for each in seen.automations]
    yield _family(metrics.AUTOMATION_ON, ((name, each.on) for name, each in named))
    running = [(name, each) for name, each in named if each.on]
    yield _family(
        metrics.TICK_OVERDUE,
        ((name, each.overdue(now)) for name, each in running if each.due is not None),
    )
    ticks = [(name, each.tick) for name, each in running if each.tick]
    yield _family(metrics.TICK_AGE, ((name, age(tick.at)) for name, tick in ticks))
    yield _family(
        metrics.TICK_STATUS,
        (
            ((*name, status), tick.status == status)
            for name, tick in ticks
            for status in TICK_STATUSES
        ),
    )
    # From 0 on, or Prometheus would not see the first one as an increase.
    jobs = {job for job, _ in seen.counts.endings} | {run.job for run in seen.in_progress}
    endings = {(job, ending): 0 for job in sorted(jobs) for ending in get_args(Ending)}
    yield _family(metrics.RUNS, (endings | dict(seen.counts.endings)).items())
    durations = HistogramMetricFamily(
        metrics.RUN_DURATION.name, metrics.RUN_DURATION.text, labels=metrics.RUN_DURATION.labels
    )
    for job, each in sorted(seen.counts.durations.items()):
        bounds = [str(float(bound)) for bound in metrics.RUN_SECONDS]
        buckets = [*zip(bounds, each.within, strict=True), ("+Inf", each.count)]
        durations.add_metric([job], buckets, each.sum)
    yield durations
    waiting = Counter((run.job, run.status) for run in seen.in_progress)
    yield _family(metrics.RUNS_IN_PROGRESS, sorted(waiting.items()))
    asked: dict[tuple[str], float] = {}
    for run in seen.in_progress:
        asked[run.job,] = min(run.asked, asked.get((run.job,), run.asked))
    yield _family(metrics.RUN_IN_PROGRESS_AGE, ((job, age(at)) for job, at in asked.items()))
    yield _family(
        metrics.SUCCESS_AGE,
        (((job,), age(at)) for job, at in sorted(seen.counts.last_success.items())),
    )
    yield _family(
        metrics.ASSET_AGE, (((asset,), age(at)) for asset, at in sorted(seen.assets.items()))
    )


def _about_alerts(seen: Alerts) -> Iterator[Family]:
    contents, counts = seen
    none = {(kind, severity): 0 for kind in get_args(Kind) for severity in get_args(Severity)}
    yield _family(metrics.ALERTS, (none | dict(counts)).items())
    states: Mapping[str, int] = Counter(record.state for record in contents.records)
    yield _family(
        metrics.ALERT_DELIVERIES, (((state,), states.get(state, 0)) for state in get_args(State))
    )


def _about_reports(seen: Reports, now: float) -> Iterator[Family]:
    age = _age_at(now)
    verdicts = seen.verdicts.items()
    yield _family(metrics.REPORT_AGE, (((name,), age(each.made)) for name, each in verdicts))
    yield _family(
        metrics.REPORT_ASKS, (((name,), each.asks_for_training) for name, each in verdicts)
    )
    drift = seen.drift.drift_of_each if seen.drift else {}
    yield _family(
        metrics.REPORT_DRIFT,
        (((field, str(version)), each.index) for (version, field), each in drift.items()),
    )


def _family(metric: Metric, series: _Series) -> Family:
    kind = CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily
    family: Family = kind(metric.name, metric.text, labels=metric.labels)
    for labels, value in series:
        family.add_sample(metric.name, dict(zip(metric.labels, labels, strict=True)), float(value))
    return family


def _age_at(now: float) -> Callable[[float], float]:
    """How long ago a moment was. Clocks of other machines may be ahead of ours."""
    return lambda at: max(0.0, now - at)
