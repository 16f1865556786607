"""Makes Grafana's dashboard from what the code exports: `make dashboards`.

`ARGS=--check` writes nothing and says whether what is there is what would be made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from deploy.monitoring import graph_rows, model_rows, service_rows
from deploy.monitoring.exported import of_monitor, of_service
from deploy.monitoring.grafana import annotation, dashboard, datasource_variable, label_variable

PATH = Path(__file__).parent / "grafana" / "dashboards" / "titanic.json"
_CHOSEN = 'instance=~"$instance"'


def made() -> dict[str, Any]:
    """The dashboard as it should be."""
    service, monitor = of_service(_CHOSEN), of_monitor()
    in_flight = service["in_flight"].name  # every machine has it, whatever it was asked
    return dashboard(
        "titanic",
        "Titanic",
        "The service and the graph that trains, releases and watches its model.",
        {
            "Traffic": service_rows.traffic(service),
            "Model": model_rows.model(service),
            "Drift and outcomes": model_rows.drift_and_outcomes(service, monitor),
            "Releases": service_rows.releases(service),
            "Dagster": graph_rows.dagster(monitor),
        },
        variables=[
            datasource_variable(),
            label_variable("instance", "machine", f"label_values({in_flight}, instance)"),
        ],
        annotations=[
            annotation(
                "another release", f"sum(increase({service['swaps']}[1m])) > 0", "another release",
                "blue",
            ),
            annotation(
                "woke somebody", 'ALERTS{alertstate="firing",severity="critical"}', "{{alertname}}",
                "red",
            ),
        ],
    )  # fmt: skip


def main(check: bool) -> int:  # noqa: FBT001 - the one thing it is told
    """Write the dashboard, or compare it with the one that is there."""
    text = json.dumps(made(), indent=1, ensure_ascii=False) + "\n"
    shown = PATH.relative_to(Path.cwd()) if PATH.is_relative_to(Path.cwd()) else PATH
    if not check:
        PATH.write_text(text, encoding="utf-8")
        print(f"{shown} is made")
    elif not PATH.exists() or PATH.read_text(encoding="utf-8") != text:
        print(f"{shown} is not what the code would make of it: make dashboards")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
