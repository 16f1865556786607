"""Events: what the service saw and said, brought back; and what can be learnt from."""

from collections.abc import Iterator

import dagster as dg

from titanic_assets.assets import DATA_TEAM, MODEL_TEAM, MONITORING_POOL
from titanic_assets.metadata import describe_table
from titanic_assets.monitoring.events.manifest import Totals
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.settings import Settings
from titanic_assets.tables import Table
from titanic_assets.validation.validating import staging

LOOK_LABELLED = ["source_id", "survived", "pclass", "sex", "age", "fare", "name", "predicted"]


@dg.asset(
    group_name="monitoring",
    pool=MONITORING_POOL,
    owners=[DATA_TEAM],
    kinds={"table", "parquet"},
    check_specs=[
        dg.AssetCheckSpec(
            "no_event_twice_or_lost",
            asset="prediction_events",
            description="The tables have as many rows as the segments had events.",
        ),
        dg.AssetCheckSpec(
            "every_segment_was_readable",
            asset="prediction_events",
            description="No file of the log, and no line of one, was put into quarantine.",
        ),
    ],
)
def prediction_events(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.Output[Totals] | dg.AssetCheckResult]:
    """Every prediction and every outcome that the service logged, as tables by day.

    Closed segments of the log are collected, each exactly once, from a folder or object storage.
    What is no event goes to quarantine with the reason; the log itself is never touched.
    """
    from titanic_assets.monitoring.events.auditing import audit
    from titanic_assets.monitoring.events.collecting import collect
    from titanic_assets.monitoring.events.showing import describe_collection, unreadable
    from titanic_assets.prediction_log.segments import LogUnreadable

    try:
        collection = collect(settings, context.log.info)
    except LogUnreadable as error:
        raise dg.Failure(str(error)) from None
    store = EventStore.of(settings)
    yield dg.Output(store.totals, metadata=describe_collection(collection, store))
    found = audit(store.folder)
    yield dg.AssetCheckResult(
        check_name="no_event_twice_or_lost",
        passed=found.is_right,
        description=found.message,
        metadata={"events in segments": found.events, "rows in tables": found.rows},
    )
    problems = unreadable(collection)
    yield dg.AssetCheckResult(
        check_name="every_segment_was_readable",
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        description=problems or "Everything in the log was.",
    )


@dg.asset(
    group_name="monitoring",
    pool=MONITORING_POOL,
    owners=[MODEL_TEAM],
    kinds={"table", "parquet"},
    deps=[prediction_events],
)
def labelled_passengers(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.Output[Table]:
    """Passengers whose outcome was reported to the service, each once, as rows for training.

    Whoever is in a list already is not among them, nor anybody about whom reports contradict each
    other. `raw_passengers` reads them as one more list, where TRAIN_ON_OUTCOMES is on.
    """
    from titanic_assets.monitoring.events.labelled import label
    from titanic_assets.monitoring.events.showing import describe_labelled

    lists = Table(settings.places.tables / "validated_passengers.parquet")
    labelled = label(
        EventStore.of(settings),
        lists if lists.path.exists() else None,
        staging(context, settings),
    )
    return dg.Output(
        labelled.table,
        metadata={
            **describe_table(labelled.table, LOOK_LABELLED),
            **describe_labelled(labelled),
            "training reads them": settings.train_on_outcomes,
        },
    )
