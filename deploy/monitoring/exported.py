"""Which metrics the code exports, asked of the code itself.

Dashboards are made from these names and rules are held against them, so neither outlives a metric
that was renamed. `python -m deploy.monitoring.exported` prints them all as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_OF_A_HISTOGRAM = ("_bucket", "_count", "_sum")


class UnknownLabel(ValueError):
    """A label that the metric does not have."""


@dataclass(frozen=True)
class Exported:
    """One metric by the name it is scraped under, and what tells its series apart."""

    name: str
    kind: str
    labels: tuple[str, ...]
    # What every query of it is narrowed to, such as the machines chosen in a dashboard.
    always: str = ""

    @property
    def series(self) -> Mapping[str, tuple[str, ...]]:
        """The names that can be asked for, each with its labels."""
        if self.kind != "histogram":
            return {self.name: self.labels}
        bounds = (*self.labels, "le")
        return {
            self.name + end: bounds if end == "_bucket" else self.labels for end in _OF_A_HISTOGRAM
        }

    def of(self, *matchers: str, part: str = "") -> str:
        """A selector: `of('status=~"5.."')`; `part` is that of a histogram, such as `_bucket`."""
        labels = self.series[self.name + part]
        for matcher in matchers:
            label = re.split(r"[=!]", matcher)[0]
            if label not in labels:
                raise UnknownLabel(f"{self.name} has no label {label}, only {', '.join(labels)}")
        inside = ",".join(filter(None, (self.always, *matchers)))
        return f"{self.name}{part}" + (f"{{{inside}}}" if inside else "")

    def __str__(self) -> str:
        """The metric as a whole, in a query."""
        return self.of()


def of_service(always: str = "") -> dict[str, Exported]:
    """Those of the service, by the names they have in its code."""
    from bento_service.metrics import Metrics
    from bento_service.seats import take_seat

    with TemporaryDirectory() as folder:
        seat = take_seat(Path(folder))
        metrics = vars(Metrics(seat))
        seat.leave()
    found = {}
    for name, metric in metrics.items():
        if hasattr(metric, "describe"):
            [family] = metric.describe()
            end = "_total" if family.type == "counter" else ""
            labels = tuple(metric._labelnames)  # noqa: SLF001 - told nowhere else
            found[name.lstrip("_")] = Exported(family.name + end, family.type, labels, always)
    return found


def of_monitor() -> dict[str, Exported]:
    """Those of the monitor, by the names they have in its code."""
    from titanic_assets.monitor import metrics

    return {
        name: Exported(metric.name, metric.type, metric.labels)
        for name, metric in vars(metrics).items()
        if isinstance(metric, metrics.Metric)
    }


if __name__ == "__main__":
    series = [each.series for each in (*of_service().values(), *of_monitor().values())]
    print(json.dumps({name: labels for one in series for name, labels in one.items()}))
