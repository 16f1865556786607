"""The image sensor: an image of every release, where that is set (IMAGE_BUILD)."""

import dagster as dg

from titanic_assets.automation.jobs import bundle_job, image_job


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[bundle_job],
    request_job=image_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes the container image of what was bundled, once that has gone live.",
)
def image_sensor(context: dg.RunStatusSensorContext) -> dg.RunRequest:
    """One image for each run that ended well."""
    return dg.RunRequest(run_key=f"image-{context.dagster_run.run_id}")
