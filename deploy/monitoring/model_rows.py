"""What the dashboard shows of the model: its answers, drift, and what became true of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

from deploy.monitoring.exported import Exported
from deploy.monitoring.panel import BLUE, GREEN, RED, YELLOW, Column, Panel, Query

_SPAN = "[$__rate_interval]"
_DRIFTED = {0: ("no", GREEN), 1: ("yes", RED)}


def model(metrics: Mapping[str, Exported]) -> list[Panel]:
    """What is said of whom."""
    s = SimpleNamespace(**metrics)
    return [
        Panel(
            "Predictions",
            "Predictions a second, by who made them. In shadow those that nobody sees count, too.",
            (
                Query(
                    f"sum by (variant, model_version) (rate({s.predictions}{_SPAN}))",
                    "{{variant}}, version {{model_version}}",
                ),
            ),
        ),
        Panel(
            "Said to survive",
            "Share of an hour's predictions that say so: by who asks, and by the model.",
            (
                Query(
                    "titanic:survivors:ratio_rate1h", "{{variant}}, version {{model_version}}"
                ),
            ),
            unit="percentunit", high=1,
        ),
        Panel(
            "Chances said",
            "How many predictions said which probability of survival, champion and challenger.",
            (
                Query(
                    f"sum by (le) (increase({s.probability.of(part='_bucket')}{_SPAN}))", "{{le}}"
                ),
            ),
            kind="heatmap", unit="percentunit", low=None,
        ),
    ]  # fmt: skip


def drift_and_outcomes(
    metrics: Mapping[str, Exported], reports: Mapping[str, Exported]
) -> list[Panel]:
    """Whether passengers and truth are still what the model was trained on."""
    s, r = SimpleNamespace(**metrics), SimpleNamespace(**reports)
    steps = ((0.05, YELLOW), (0.1, RED))
    return [
        Panel(
            "Drift now",
            "Population stability index of the last predictions beside the passengers trained on. "
            "Above 0.1 (DRIFT_THRESHOLD), and above chance, a field has drifted.",
            (Query(f"max by (field) ({s.drift})", "{{field}}"),),
            kind="bargauge", unit="none", width=6, height=9, high=0.3, steps=steps,
        ),
        Panel(
            "Drift",
            "The same over time; nothing is shown until a window is full.",
            (Query(f"max by (field) ({s.drift})", "{{field}}"),),
            unit="none", width=12, height=9, steps=((0.1, RED),),
        ),
        Panel(
            "Drift in the newest report",
            "The same index over the predictions that the newest report is about, by version.",
            (Query(f"max by (field, model_version) ({r.REPORT_DRIFT})",
                   "{{field}}, version {{model_version}}"),),
            kind="bargauge", unit="none", width=6, height=9, high=0.3, steps=steps,
        ),
        Panel(
            "Fields that have drifted",
            "When which field was beyond the threshold and beyond chance.",
            (Query(f"max by (field) ({s.drifted})", "{{field}}"),),
            kind="state-timeline", unit="none", width=12, high=1, words=_DRIFTED,
        ),
        Panel(
            "Predictions in the window",
            "Drift is told once the window is full: DRIFT_WINDOW, 500 unless set.",
            (Query(f"min({s.window})"),),
            kind="stat", unit="none", width=4, base=BLUE,
        ),
        Panel(
            "Reports",
            "How old the newest report of each kind is, and whether it asks for training.",
            (
                Query(f"max by (report) ({r.REPORT_AGE})"),
                Query(f"max by (report) ({r.REPORT_ASKS})"),
            ),
            kind="table", unit="none", low=None,
            labels={"report": "report"},
            columns=(
                Column("age", "s", ((46800, RED),)),
                Column("asks for training", words={0: ("no", GREEN), 1: ("yes", YELLOW)}),
            ),
        ),
        Panel(
            "Right answers",
            "Share of right answers among the last known outcomes. Below 0.75 somebody is told.",
            (Query(f"min by (instance) ({s.accuracy})", "{{instance}}"),),
            unit="percentunit", low=0.5, high=1, steps=((0.75, RED),),
        ),
        Panel(
            "Chances and truth",
            "Of the same outcomes: the mean chance said less the share that survived (0 is right, "
            "above it too hopeful), and the mean squared error of the chance (Brier).",
            (
                Query(f"avg({s.calibration})", "too hopeful by"),
                Query(f"avg({s.brier})", "Brier"),
            ),
            unit="none", low=None,
        ),
        Panel(
            "Outcomes reported",
            "In an hour, by whether the prediction they are about is still remembered, and "
            "how many the figures beside rest on.",
            (
                Query(f"sum by (match) (increase({s.outcomes}[1h]))", "{{match}}, an hour"),
                Query(f"sum({s.known_outcomes})", "remembered"),
            ),
            unit="none",
        ),
    ]  # fmt: skip
