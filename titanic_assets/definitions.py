"""The code location: what there is, put together from its parts."""

from typing import Any

import dagster as dg

from titanic_assets import assets
from titanic_assets.asset_files import AssetFiles
from titanic_assets.automation.alert_test import test_alert_job
from titanic_assets.automation.alerting import alert_sensor
from titanic_assets.automation.failures import failure_alert_sensor
from titanic_assets.automation.freshness import with_freshness
from titanic_assets.automation.health import release_health_sensor
from titanic_assets.automation.images import image_sensor
from titanic_assets.automation.jobs import bundle_job, image_job, monitoring_job, training_job
from titanic_assets.automation.landing import landing_sensor
from titanic_assets.automation.promotions import promotion_sensor
from titanic_assets.automation.retraining import drift_sensor, performance_sensor
from titanic_assets.automation.rollback import rollback_job
from titanic_assets.automation.schedules import (
    six_hourly_monitoring_schedule,
    weekly_training_schedule,
)
from titanic_assets.automation.shadow import flip_job, shadow_sensor
from titanic_assets.settings import Settings, load_settings
from titanic_assets.tracking.mlflow_run import MlflowRun
from titanic_assets.tracking.monitoring_run import MonitoringRun


def define(settings: Settings) -> dg.Definitions:
    """The whole graph under these settings."""
    return dg.Definitions(
        assets=with_freshness(dg.load_assets_from_package_module(assets)),
        jobs=[
            training_job,
            monitoring_job,
            bundle_job,
            image_job,
            rollback_job,
            flip_job,
            test_alert_job,
        ],
        schedules=[weekly_training_schedule, six_hourly_monitoring_schedule],
        sensors=[
            landing_sensor,
            promotion_sensor,
            release_health_sensor,
            shadow_sensor,
            drift_sensor,
            performance_sensor,
            failure_alert_sensor,
            alert_sensor,
            *([image_sensor] if settings.image_build == "every_release" else []),
        ],
        # Steps are short and hand tables to each other: a process for each would take four times
        # as long, for runs started in the UI as for the jobs.
        executor=dg.in_process_executor,
        resources={
            "settings": settings,
            "io_manager": AssetFiles(folder=str(settings.places.tables)),
            "mlflow_run": MlflowRun(**_mlflow(settings)),
            "monitoring_run": MonitoringRun(**_mlflow(settings), keep=settings.keep_reports),
        },
    )


def _mlflow(settings: Settings) -> dict[str, Any]:
    return {
        # By name where it may carry a password: Dagster stores and shows what it is told.
        "tracking_uri": dg.EnvVar("TITANIC_TRACKING_URI")
        if settings.titanic_tracking_uri
        else settings.tracking_uri,
        "ui": settings.mlflow_ui,
        "folder": str(settings.places.mlflow),
    }


defs = define(load_settings())
