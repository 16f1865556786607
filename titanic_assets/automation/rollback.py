"""The rollback job: the champion before is champion again, and the service answers with it.

For the health sensor and for people alike; launched from the UI as it is, it withdraws the present
champion. It builds nothing and waits for no pool, so that nothing holds it up.
"""

from typing import Any

import dagster as dg

from titanic_assets.alerts import occasions
from titanic_assets.alerts.raising import raise_alert
from titanic_assets.settings import Settings
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger

# On the runs of the health sensor: the version that it found unfit.
WITHDRAWS_TAG = "titanic/withdraws"
_MOVE_BACK = "move_back"


class RollbackConfig(dg.Config):
    """What to withdraw and why. Without a version it is the present champion."""

    reason: str = "asked for in the Dagster UI"
    version: int | None = None


def rollback_config(reason: str, version: int) -> dict[str, Any]:
    """The run's configuration."""
    return {"ops": {_MOVE_BACK: {"config": {"reason": reason, "version": version}}}}


@dg.op(
    name=_MOVE_BACK,
    description="Moves the alias back to the champion before, and writes it in the ledger.",
    out=dg.Out(dg.Nothing),
)
def move_back(
    context: dg.OpExecutionContext, config: RollbackConfig, settings: dg.ResourceParam[Settings]
) -> None:
    """The first half: nothing is live by it yet."""
    from titanic_assets.releasing.rolling_back import move_back as go_back
    from titanic_assets.tracking.http_registry import open_registry
    from titanic_assets.tracking.withdrawal import Withdrawal

    withdrawal = Withdrawal(
        why=config.reason,
        who=_who(context),
        expected=config.version,
        dagster_run_id=_occasion(context),
    )
    go_back(settings, open_registry(settings), withdrawal, context.log.info)


@dg.op(
    description="Makes that release live again, and waits until the service answers with it.",
    ins={"moved": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
)
def make_previous_live(
    context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]
) -> None:
    """The second half. Whatever makes a release live is entered as the asset that stands for it."""
    from titanic_assets.releasing.going_live import make_live
    from titanic_assets.releasing.publish import Overtaken
    from titanic_assets.releasing.rolling_back import RolledBack
    from titanic_assets.releasing.telling import as_materialization
    from titanic_assets.tracking.http_registry import open_registry

    event = _done(context, settings)
    if event is None:
        context.log.info("nothing was taken back, so nothing is to be made live")
        return
    try:
        live = make_live(
            settings, open_registry(settings), context.log.info, expected=event.to_version
        )
    except Overtaken as overtaken:
        context.log.info("others make live what is champion by now: %s", overtaken)
        return
    context.log_event(as_materialization(RolledBack(event, live)))
    if _by_itself(context):
        alert = occasions.rollback(settings, event, context.run.run_id)
        raise_alert(settings, alert, context.log.info)


@dg.job(
    tags={"dagster/priority": "10"},
    description="Withdraws the champion: the one before it is champion again and answers, in "
    "seconds. Nothing is built.",
)
def rollback_job() -> None:
    """Both, one after the other."""
    make_previous_live(move_back())


def _done(context: dg.OpExecutionContext, settings: Settings) -> PromotionEvent | None:
    """The ledger's line of this run, or of the run that it is another try of."""
    from titanic_assets.tracking.withdrawal import Withdrawal

    event_id = Withdrawal("", "", dagster_run_id=_occasion(context)).event_id
    return PromotionLedger(settings.places.ledger).read().event(event_id)


def _occasion(context: dg.OpExecutionContext) -> str:
    """The run that was asked for, whichever try of it this is."""
    return context.run.tags.get("dagster/root_run_id") or context.run.run_id


def _by_itself(context: dg.OpExecutionContext) -> bool:
    return WITHDRAWS_TAG in context.run.tags


def _who(context: dg.OpExecutionContext) -> str:
    return "release_health_sensor" if _by_itself(context) else f"dagster job {context.run.job_name}"
