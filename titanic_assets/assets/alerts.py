"""Alerts: what people were told, and what became of it."""

import dagster as dg

from titanic_assets.alerts.showing import describe_alerts
from titanic_assets.assets import MONITORING_POOL, SERVING_TEAM
from titanic_assets.settings import Settings


@dg.asset(
    group_name="monitoring",
    pool=MONITORING_POOL,
    owners=[SERVING_TEAM],
    kinds={"table", "json"},
)
def alert_ledger(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult[None]:
    """Every alert that was raised, with what became of it: sent, to be sent, or why not.

    Shows itself anew whenever an alert is raised or sent; materialise it to see it as it is now.
    The ledger itself is ledger/alerts.jsonl under TITANIC_HOME.
    """
    return dg.MaterializeResult(metadata=describe_alerts(settings))
