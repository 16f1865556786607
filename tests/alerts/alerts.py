"""Alerts, and records of them, as tests need them."""

from dataclasses import replace

from titanic_assets.alerts.alert import Alert, AlertRecord

ALERT = Alert(
    kind="drift",
    key="drift:4:age",
    title="Passengers have changed",
    text="They are older.\nFor users: nothing.",
    links={"Report": "http://localhost:5000/report"},
)


def an_alert(**changes):
    return replace(ALERT, **changes)


def a_record(record_id="1", *, raised=0.0, state="pending", severity="warning", **changes):
    alert = an_alert(title=f"alert {record_id}", key=f"drift:{record_id}", severity=severity)
    return AlertRecord(record_id, alert, raised, state, **changes)
