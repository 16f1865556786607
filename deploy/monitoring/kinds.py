"""What each kind of panel wants to be told in Grafana's JSON, besides what all are told."""

from __future__ import annotations

from typing import Any

from deploy.monitoring.panel import Panel, mappings, thresholds

_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_NO_LEGEND = {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []}
_LEGEND = {**_NO_LEGEND, "showLegend": True}


def custom_of(panel: Panel) -> dict[str, Any]:
    """How a field is drawn."""
    if panel.kind == "timeseries":
        return {
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "fillOpacity": 25 if panel.stacked else 8,
            "showPoints": "auto",
            "spanNulls": False,
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
            "axisPlacement": "auto",
        }
    if panel.kind == "state-timeline":
        return {"lineWidth": 0, "fillOpacity": 80}
    if panel.kind == "table":
        return {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False}
    return {}


def options_of(panel: Panel) -> dict[str, Any]:
    """What the panel as a whole does."""
    match panel.kind:
        case "timeseries":
            return {"legend": _LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}}
        case "stat":
            return {
                "reduceOptions": _LAST,
                "colorMode": "background" if panel.steps or panel.words else "value",
                "graphMode": "none" if panel.words else "area",
                "textMode": "auto",
                "justifyMode": "auto",
                "orientation": "auto",
            }
        case "bargauge":
            return {
                "reduceOptions": _LAST,
                "displayMode": "basic",
                "orientation": "horizontal",
                "valueMode": "color",
                "showUnfilled": True,
                "namePlacement": "auto",
                "sizing": "auto",
                "minVizHeight": 12,
                "minVizWidth": 8,
                "maxVizHeight": 32,
            }
        case "state-timeline":
            return {
                "mergeValues": True,
                "showValue": "never",
                "alignValue": "left",
                "rowHeight": 0.8,
                "legend": _NO_LEGEND,
                "tooltip": {"mode": "single", "sort": "none"},
            }
        case "heatmap":
            return {
                "calculate": False,
                "cellGap": 1,
                "color": {
                    "mode": "scheme",
                    "scheme": "Blues",
                    "steps": 32,
                    "exponent": 0.5,
                    "reverse": False,
                    "fill": "dark-blue",
                },
                "filterValues": {"le": 1e-9},
                "legend": {"show": True},
                "rowsFrame": {"layout": "le"},
                "tooltip": {"mode": "single", "yHistogram": False},
                "yAxis": {"axisPlacement": "left", "unit": panel.unit, "reverse": False},
            }
        case "table":
            return {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}}


def overrides_of(panel: Panel) -> list[dict[str, Any]]:
    """A table's columns: each has a unit and colours of its own."""
    return [
        {
            "matcher": {"id": "byName", "options": column.name},
            "properties": [
                {"id": "unit", "value": column.unit},
                *(
                    [
                        {"id": "thresholds", "value": thresholds(panel.base, column.steps)},
                        {"id": "custom.cellOptions", "value": {"type": "color-text"}},
                    ]
                    if column.steps or column.words
                    else []
                ),
                *([{"id": "mappings", "value": mappings(column.words)}] if column.words else []),
            ],
        }
        for column in panel.columns
    ]


def transformations_of(panel: Panel) -> list[dict[str, Any]]:
    """A table of one line for each thing, its labels first and then the figures."""
    if panel.kind != "table":
        return []
    labels = dict(panel.labels or {})
    # One query's figures are in `Value`, those of several in `Value #A` and so on.
    names = (
        ["Value"]
        if len(panel.queries) == 1
        else [f"Value #{chr(ord('A') + place)}" for place in range(len(panel.queries))]
    )
    figures = {name: column.name for name, column in zip(names, panel.columns, strict=False)}
    shown = labels | figures
    hidden = {"Time": True} | {name: True for name in names if name not in figures}
    return [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": hidden,
                "indexByName": {name: place for place, name in enumerate(shown)},
                "renameByName": shown,
            },
        },
    ]
