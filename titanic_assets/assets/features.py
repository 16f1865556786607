"""Features: what the model sees of a passenger, for training and for looking up."""

from collections.abc import Iterator

import dagster as dg

from titanic_assets.assets import DATA_TEAM, GRAPH_POOL, MODEL_TEAM
from titanic_assets.metadata import describe_table
from titanic_assets.settings import Settings
from titanic_assets.tables import Table
from titanic_assets.training import feature_tables
from titanic_assets.validation.validating import staging
from titanic_model.contract import AFTER_THE_EVENT, LABEL
from titanic_model.features import FEATURE_VERSION, FEATURES, INPUTS


@dg.asset(
    group_name="training",
    pool=GRAPH_POOL,
    owners=[DATA_TEAM, MODEL_TEAM],
    kinds={"table", "parquet", "feast"},
    code_version=str(FEATURE_VERSION),
    check_specs=[
        dg.AssetCheckSpec(
            "every_passenger_has_features",
            asset="passenger_features",
            description="There are as many rows of features as validated passengers.",
        ),
        dg.AssetCheckSpec(
            "nothing_known_only_afterwards",
            asset="passenger_features",
            description="Neither the lifeboat nor the body's number, nor the fate itself, is read.",
        ),
        dg.AssetCheckSpec(
            "families_stay_on_one_side",
            asset="passenger_features",
            description="No ticket is both trained on and held out.",
        ),
    ],
)
def passenger_features(
    context: dg.AssetExecutionContext,
    validated_passengers: Table,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.Output[Table] | dg.AssetCheckResult]:
    """The feature transform applied to every validated passenger, with the side of the split.

    It is the offline feature store as it stands. The hash of the ticket decides who is held out,
    so neither a passenger nor a family changes sides when data is added.
    """
    table = feature_tables.build_features(validated_passengers, staging(context, settings))
    sides = feature_tables.sides_of(table)
    leaks = {*AFTER_THE_EVENT, LABEL} & {*INPUTS, *FEATURES}
    checks = (
        dg.AssetCheckResult(
            check_name="every_passenger_has_features",
            passed=sides.rows == validated_passengers.rows,
            metadata={"passengers": validated_passengers.rows, "rows": sides.rows},
        ),
        dg.AssetCheckResult(
            check_name="nothing_known_only_afterwards",
            passed=not leaks,
            metadata={"read": ", ".join(INPUTS), "leaks": ", ".join(sorted(leaks)) or "none"},
        ),
        dg.AssetCheckResult(
            check_name="families_stay_on_one_side",
            passed=not sides.tickets_on_both,
            metadata={"tickets on both sides": sides.tickets_on_both},
        ),
    )
    yield from checks
    broken = [str(check.check_name) for check in checks if not check.passed]
    if broken:
        # A blocking check would hold up this run only; the next would train on what it stored.
        raise dg.Failure(
            f"{', '.join(broken)} does not hold, so these features are not used and the last good "
            "ones stay. This is a fault in the feature transform or the split, not in the data.",
            allow_retries=False,
        )
    yield dg.Output(
        table,
        metadata={
            **describe_table(table, ["passenger_id", LABEL, "held_out", *FEATURES[:8]]),
            "feature version": FEATURE_VERSION,
            "features": len(FEATURES),
            "held out": f"{sides.held_out:,} of {sides.rows:,} ({sides.held_out_share:.1%})",
            "distributions": feature_tables.picture_features(table),
        },
    )


@dg.asset(
    group_name="training",
    pool=GRAPH_POOL,
    owners=[DATA_TEAM],
    kinds={"feast", "sqlite"},
    code_version=f"{FEATURE_VERSION}.{feature_tables.ROW_LAYOUT}",
)
def online_features(
    passenger_features: Table, settings: dg.ResourceParam[Settings]
) -> dg.Output[feature_tables.OnlineFeatures]:
    """The newest features of each passenger in the online store, to be looked up by id."""
    online = feature_tables.write_online(passenger_features, settings.places.feature_store)
    return dg.Output(
        online,
        metadata={
            "dagster/row_count": online.rows,
            "store": online.store,
            "feature view": online.view,
            "feature version": online.feature_version,
        },
    )
