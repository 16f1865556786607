"""What the dashboard shows of the graph: Dagster's daemon, ticks, runs, assets, alerts."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

from deploy.monitoring.exported import Exported
from deploy.monitoring.panel import BLUE, GREEN, GREY, RED, YELLOW, Column, Panel, Query

_OFF_ON = {0: ("off", GREY), 1: ("on", GREEN)}
_FAILS = {0: ("no", GREEN), 1: ("fails", RED)}


def dagster(metrics: Mapping[str, Exported]) -> list[Panel]:
    """Whether Dagster does its work."""
    m = SimpleNamespace(**metrics)
    failed_tick = m.TICK_STATUS.of('status="failure"')
    return [
        Panel(
            "Daemon last heard of",
            "The part of Dagster's daemon that has been silent longest. Each speaks every 30 s; "
            "after two minutes somebody is woken.",
            (Query(f"max({m.HEARTBEAT_AGE})"),),
            kind="stat", unit="s", width=4, height=4, steps=((60, YELLOW), (120, RED)),
        ),
        Panel(
            "Overdue",
            "Sensors and schedules that are on and should have ticked more than a minute ago.",
            (Query(f"count({m.TICK_OVERDUE} > 60) or vector(0)"),),
            kind="stat", unit="none", width=4, height=4, steps=((1, RED),),
        ),
        Panel(
            "Ticks that fail",
            "Sensors and schedules whose last tick failed.",
            (Query(f"count({failed_tick} == 1) or vector(0)"),),
            kind="stat", unit="none", width=4, height=4, steps=((1, RED),),
        ),
        Panel(
            "Runs at work or waiting",
            "Runs that are not over.",
            (Query(f"sum({m.RUNS_IN_PROGRESS}) or vector(0)"),),
            kind="stat", unit="none", width=4, height=4, base=BLUE,
        ),
        Panel(
            "Runs that failed",
            "Within the last hour, of all jobs.",
            (Query("sum(titanic:runs_failed:increase1h) or vector(0)"),),
            kind="stat", unit="none", width=4, height=4, steps=((0.5, RED),),
        ),
        Panel(
            "Alerts not delivered",
            "Alerts of the graph that wait to be sent, or were given up.",
            (
                Query(
                    "sum(" + m.ALERT_DELIVERIES.of('state=~"pending|given_up"') + ") or vector(0)"
                ),
            ),
            kind="stat", unit="none", width=4, height=4, steps=((1, RED),),
        ),
        Panel(
            "Sensors and schedules",
            "Since the last tick, how late the next one is, and whether the last one failed.",
            (
                Query(f"max by (kind, name) ({m.AUTOMATION_ON})"),
                Query(f"max by (kind, name) ({m.TICK_AGE})"),
                Query(f"max by (kind, name) ({m.TICK_OVERDUE})"),
                Query(f"max by (kind, name) ({failed_tick})"),
            ),
            kind="table", unit="none", width=12, height=10, low=None,
            labels={"kind": "kind", "name": "name"},
            columns=(
                Column("is", words=_OFF_ON),
                Column("last tick", "s"),
                Column("late", "s", ((60, YELLOW), (300, RED))),
                Column("fails", words=_FAILS),
            ),
        ),
        Panel(
            "Jobs",
            "Since a run last ended well, what runs take on average, how many failed and succeeded "
            "of those Dagster still has.",
            (
                Query(f"max by (dagster_job) ({m.SUCCESS_AGE})"),
                Query(
                    f"sum by (dagster_job) ({m.RUN_DURATION.of(part='_sum')})"
                    f" / (sum by (dagster_job) ({m.RUN_DURATION.of(part='_count')}) > 0)"
                ),
                Query("sum by (dagster_job) (" + m.RUNS.of('status="success"') + ")"),
                Query("sum by (dagster_job) (" + m.RUNS.of('status="failure"') + ")"),
            ),
            kind="table", unit="none", width=12, height=10, low=None,
            labels={"dagster_job": "job"},
            columns=(
                Column("last success", "s"),
                Column("mean duration", "s"),
                Column("succeeded"),
                Column("failed", steps=((1, YELLOW),)),
            ),
        ),
        Panel(
            "Runs that ended",
            "In an hour, by job and how they ended.",
            (
                Query(
                    f"sum by (dagster_job, status) (increase({m.RUNS}[1h]))",
                    "{{dagster_job}}, {{status}}",
                ),
            ),
            unit="none", stacked=True,
        ),
        Panel(
            "How long runs take",
            "95 % of an hour's runs of a job took no longer.",
            (
                Query(
                    "histogram_quantile(0.95, sum by (dagster_job, le) "
                    f"(increase({m.RUN_DURATION.of(part='_bucket')}[1h])))",
                    "{{dagster_job}}",
                ),
            ),
            unit="s",
        ),
        Panel(
            "Runs that are not over",
            "By job and how far they are.",
            (
                Query(
                    f"sum by (dagster_job, status) ({m.RUNS_IN_PROGRESS}) > 0",
                    "{{dagster_job}}, {{status}}",
                ),
            ),
            unit="none",
        ),
        Panel(
            "Age of assets",
            "Since each was last made. Lists are made weekly, reports every six hours.",
            (Query(f"max by (asset) ({m.ASSET_AGE})"),),
            kind="table", unit="none", height=9, low=None,
            labels={"asset": "asset"},
            columns=(Column("age", "s"),),
        ),
        Panel(
            "Alerts of the graph",
            "Alerts in the ledger, by what they are about.",
            (Query(f"sum by (kind, severity) ({m.ALERTS}) > 0", "{{kind}}, {{severity}}"),),
            unit="none", height=9,
        ),
        Panel(
            "The monitor",
            "What it takes to read Dagster, the alerts and the reports, and how old that is.",
            (
                Query(f"max by (source) ({m.READ_SECONDS})", "reading {{source}}"),
                Query(f"max by (source) ({m.READ_AGE})", "{{source}}, read before"),
            ),
            unit="s", height=9,
        ),
    ]  # fmt: skip
