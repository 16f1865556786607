"""Assets of the graph, materialised in a process of their own.

    python -m benchmarks.graph HOME LIST [ASSET...]

The settings, the resources and the executor are the graph's own; only the home and the list differ.
Without an asset it is the whole training job.
"""

import sys
from pathlib import Path

import dagster as dg

from titanic_assets.definitions import define
from titanic_assets.settings import Settings


def main(home: str, source: str, *assets: str) -> None:
    """Materialise the assets from the list, under the home."""
    settings = Settings(titanic_home=Path(home), titanic_source=source)
    graph = define(settings)
    if assets:
        job = graph.resolve_implicit_global_asset_job_def()
    else:
        job = graph.resolve_job_def("training_job")
    settings.places.dagster.mkdir(parents=True)
    with dg.DagsterInstance.local_temp(str(settings.places.dagster)) as instance:
        job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey(name) for name in assets] or None
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
