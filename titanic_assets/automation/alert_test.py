"""The test of alerts: one of no importance, launched from the UI to see that it arrives."""

import dagster as dg

from titanic_assets.alerts import occasions
from titanic_assets.alerts.raising import raise_alert
from titanic_assets.alerts.showing import shown_anew, what_became
from titanic_assets.settings import Settings

TEST_JOB = "test_alert_job"


class TestAlertConfig(dg.Config):
    """What the test says."""

    note: str = "Somebody launched test_alert_job in the Dagster UI."


@dg.op(
    description="Raises an alert of no importance, and says what became of it.",
    out=dg.Out(dg.Nothing),
)
def send_test_alert(
    context: dg.OpExecutionContext, config: TestAlertConfig, settings: dg.ResourceParam[Settings]
) -> None:
    """Green when it was taken, or when there is nobody set to take it."""
    alert = occasions.a_test(settings, context.run.run_id, config.note)
    record = raise_alert(settings, alert, context.log.info)
    context.log_event(shown_anew(settings))
    became = what_became(record)
    context.add_output_metadata({"what became of it": became, "attempts": record.attempts})
    if record.state in ("pending", "given_up"):
        raise dg.Failure(
            f"The test alert was {became}. It is tried again for a day. See docs/alerts.md.",
            allow_retries=False,
        )


@dg.job(
    name=TEST_JOB,
    description="Sends one alert to the webhook that is set, to see that it arrives.",
)
def test_alert_job() -> None:
    """One op."""
    send_test_alert()
