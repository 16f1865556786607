"""The schedules: what happens by the clock."""

import dagster as dg

from titanic_assets.automation.jobs import monitoring_job, training_job

weekly_training_schedule = dg.ScheduleDefinition(
    name="weekly_training_schedule",
    job=training_job,
    cron_schedule="0 6 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every Monday at 06:00 UTC: train on what has arrived, promote what is better.",
)

six_hourly_monitoring_schedule = dg.ScheduleDefinition(
    name="six_hourly_monitoring_schedule",
    job=monitoring_job,
    cron_schedule="0 */6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every six hours: collect what the service logged, and report on it.",
)
