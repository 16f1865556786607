"""A dashboard in the JSON that Grafana reads: panels in rows, each beside the one before.

What the panels show is said elsewhere (service_rows, graph_rows).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from deploy.monitoring.kinds import custom_of, options_of, overrides_of, transformations_of
from deploy.monitoring.panel import Panel, Query, mappings, thresholds

COLUMNS = 24
# The classic model, as Grafana 12 and 13 write it; older ones read it, too.
SCHEMA_VERSION = 42

_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard(
    uid: str,
    title: str,
    description: str,
    rows: Mapping[str, Iterable[Panel]],
    *,
    variables: Sequence[dict[str, Any]],
    annotations: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """The whole of it."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["titanic"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "graphTooltip": 1,  # one crosshair over all panels
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "fiscalYearStartMonth": 0,
        "links": [],
        "templating": {"list": list(variables)},
        "annotations": {"list": list(annotations)},
        "panels": list(_panels(rows)),
    }


def datasource_variable() -> dict[str, Any]:
    """Which Prometheus; the machine's default one at first."""
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
    }


def label_variable(name: str, label: str, values: str) -> dict[str, Any]:
    """A choice of values of a label, all of them at first."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": _DATASOURCE,
        "definition": values,
        "query": {"query": values, "refId": name},
        "current": {"text": ["All"], "value": ["$__all"]},
        "allValue": ".*",
        "includeAll": True,
        "multi": True,
        "hide": 0,
        "options": [],
        "refresh": 2,  # also when the time range changes
        "sort": 1,
    }


def annotation(name: str, expr: str, title: str, color: str) -> dict[str, Any]:
    """A mark over all graphs where the query has an answer."""
    return {
        "name": name,
        "datasource": _DATASOURCE,
        "enable": True,
        "expr": expr,
        "iconColor": color,
        "step": "30s",
        "titleFormat": title,
    }


def _panels(rows: Mapping[str, Iterable[Panel]]) -> Iterator[dict[str, Any]]:
    number = top = 0
    for title, panels in rows.items():
        number += 1
        place = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": place,
            "panels": [],
        }
        top += 1
        left = height = 0
        for panel in panels:
            if left + panel.width > COLUMNS:
                left, top = 0, top + height
            number += 1
            height = panel.height
            yield {
                "id": number,
                "gridPos": {"h": panel.height, "w": panel.width, "x": left, "y": top},
                **_of(panel),
            }
            left += panel.width
        top += height


def _of(panel: Panel) -> dict[str, Any]:
    by_steps = panel.kind != "timeseries"
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "color": {"mode": "thresholds" if by_steps else "palette-classic"},
        "thresholds": thresholds(panel.base, panel.steps),
        "mappings": mappings(panel.words),
        "custom": custom_of(panel),
    }
    defaults |= {
        name: value
        for name, value in (("min", panel.low), ("max", panel.high))
        if value is not None
    }
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _DATASOURCE,
        "targets": [_target(panel, query, place) for place, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": defaults, "overrides": overrides_of(panel)},
        "options": options_of(panel),
        "transformations": transformations_of(panel),
    }


def _target(panel: Panel, query: Query, place: int) -> dict[str, Any]:
    at_once = panel.kind in {"table", "bargauge"}
    formats = {"table": "table", "heatmap": "heatmap"}
    return {
        "refId": chr(ord("A") + place),
        "datasource": _DATASOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "format": formats.get(panel.kind, "time_series"),
        "instant": at_once,
        "range": not at_once,
    }
