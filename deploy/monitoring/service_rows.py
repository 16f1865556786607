"""What the dashboard shows of the service: traffic, and the releases that answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

from deploy.monitoring.exported import Exported
from deploy.monitoring.panel import BLUE, GREEN, GREY, RED, YELLOW, Panel, Query

_API = ('route=~"/api/v1/.+"', 'route!="/api/v1/health"')
_PREDICT = 'route="/api/v1/predict"'
_SPAN = "[$__rate_interval]"
_YES_IS_BAD = {0: ("no", GREEN), 1: ("yes", RED)}


def traffic(metrics: Mapping[str, Exported]) -> list[Panel]:
    """Who asks, what becomes of it, how long it takes, what it costs."""
    s = SimpleNamespace(**metrics)
    up = 'up{job="titanic-service",instance=~"$instance"}'
    firing = 'ALERTS{alertstate="firing",alertname!="TitanicWatchdog"}'
    seconds = s.seconds.of(_PREDICT, part="_bucket")
    quantiles = [
        Query(f"histogram_quantile({q}, sum by (le) (rate({seconds}{_SPAN})))", name)
        for q, name in ((0.5, "half"), (0.95, "95 %"), (0.99, "99 %"))
    ]
    return [
        Panel(
            "Machines that answer",
            "Machines of the service that Prometheus reaches. Red: none.",
            (Query(f"sum({up}) or vector(0)"),),
            kind="stat", unit="none", width=4, height=4, base=RED, steps=((1, GREEN),),
        ),
        Panel(
            "Requests",
            "Requests for the API; probes, scrapes and the page aside.",
            (Query(f"sum(rate({s.requests.of(*_API)}{_SPAN})) or vector(0)"),),
            kind="stat", unit="reqps", width=4, height=4, base=BLUE,
        ),
        Panel(
            "Failing",
            "Share of the requests of five minutes that were answered with 500 or above. Yellow is "
            "where a warning begins, red where somebody is woken.",
            (Query("titanic:failures:ratio_rate5m"),),
            kind="stat", unit="percentunit", width=4, height=4,
            steps=((0.01, YELLOW), (0.05, RED)),
        ),
        Panel(
            "99 % of predictions within",
            "Single passengers, from a request's arrival to its answer. 25 ms are promised.",
            (Query("titanic:predict_seconds:p99_5m"),),
            kind="stat", unit="s", width=4, height=4, steps=((0.025, YELLOW), (0.25, RED)),
        ),
        Panel(
            "Answered right now",
            "Requests in flight. At MAX_CONCURRENCY, 256 unless set, the next ones are refused.",
            (Query(f"sum({s.in_flight})"),),
            kind="stat", unit="none", width=4, height=4, steps=((200, YELLOW), (250, RED)),
        ),
        Panel(
            "Alerts",
            "Alerts that fire, of all severities; the watchdog aside, which always does.",
            (Query(f"count({firing}) or vector(0)"),),
            kind="stat", unit="none", width=4, height=4, steps=((1, RED),),
        ),
        Panel(
            "Requests by route",
            "Requests a second, by what was asked for.",
            (Query(f"sum by (route) (rate({s.requests.of(*_API)}{_SPAN}))", "{{route}}"),),
            unit="reqps", stacked=True,
        ),
        Panel(
            "Refused and failed",
            "Requests a second that were refused or failed, by the type of the error; single rows "
            "of batches and ids of lists besides.",
            (
                Query(f"sum by (type) (rate({s.errors}{_SPAN}))", "{{type}}"),
                Query(f"sum by (type) (rate({s.rows_refused}{_SPAN}))", "{{type}}, in a batch"),
            ),
            unit="reqps",
        ),
        Panel(
            "How long a prediction takes",
            "Single passengers. The dashed line is what is promised of 99 %.",
            tuple(quantiles), unit="s", steps=((0.025, RED),),
        ),
        Panel(
            "Processor",
            "Cores in use by each worker.",
            (Query(f"rate({s.cpu}{_SPAN})", "{{instance}}, worker {{worker}}"),),
        ),
        Panel(
            "Memory",
            "Resident memory of each worker; about 150 MB is usual.",
            (Query(f"{s.memory}", "{{instance}}, worker {{worker}}"),),
            unit="bytes",
        ),
        Panel(
            "Prediction log",
            "Events a second that were written and that were lost, and how many wait.",
            (
                Query(f"sum(rate({s.log_written}{_SPAN}))", "written a second"),
                Query(f"sum(rate({s.log_dropped}{_SPAN}))", "lost a second"),
                Query(f"sum({s.log_backlog})", "waiting"),
            ),
        ),
    ]  # fmt: skip


def releases(metrics: Mapping[str, Exported]) -> list[Panel]:
    """What answers, since when, and what was refused."""
    s = SimpleNamespace(**metrics)
    return [
        Panel(
            "What is live",
            "The releases that answer: as champion, and as challenger if there is one.",
            (Query(f"max by (variant, model_version, release) ({s.live}) == 1"),),
            kind="table", unit="none", low=None,
            labels={"variant": "variant", "model_version": "version", "release": "release"},
        ),
        Panel(
            "Releases over time",
            "When which release answered.",
            (Query(f"max by (variant, release) ({s.live}) > 0", "{{variant}} {{release}}"),),
            kind="state-timeline", unit="none", high=1, words={1: ("live", BLUE), 0: ("no", GREY)},
        ),
        Panel(
            "Something is amiss",
            "Whether a machine does not serve what should be live, cannot write its prediction "
            "log, cannot fetch the keys of tokens, or counts callers by itself.",
            (
                Query(f"max({s.behind})", "behind"),
                Query(f"max({s.log_failing})", "log"),
                Query(f"max({s.keys_failing})", "keys"),
                Query(f"max({s.limits_failing})", "limits"),
            ),
            kind="state-timeline", unit="none", high=1, words=_YES_IS_BAD,
        ),
        Panel(
            "Swaps and refusals",
            "Changes of what is live and refused releases in an hour; each worker counts its own.",
            (
                Query(f"sum(increase({s.swaps}[1h]))", "swaps"),
                Query(f"sum(increase({s.refused}[1h]))", "refused"),
            ),
            unit="none", width=12,
        ),
        Panel(
            "Models in memory",
            "By machine: one, or two with a challenger; for a moment more during a swap.",
            (Query(f"max by (instance) ({s.models_loaded})", "{{instance}}"),),
            unit="none", width=6,
        ),
        Panel(
            "Challenger failing in shadow",
            "Passengers or batches in an hour that it could not score.",
            (
                Query(
                    f"sum by (model_version) (increase({s.shadow_failures}[1h])) or vector(0)",
                    "version {{model_version}}",
                ),
            ),
            unit="none", width=6,
        ),
    ]  # fmt: skip
