"""What people are told: an alert, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "run_failed",
    "batch_refused",
    "drift",
    "performance",
    "release_refused",
    "rollback",
    "stale_data",
    "daemon_stopped",
    "test",
]
Severity = Literal["info", "warning", "critical"]
State = Literal["sent", "pending", "not_configured", "given_up"]


@dataclass(frozen=True)
class Alert:
    """One piece of news for a person on call who does not know the code.

    `text` says what happened, what it means for users now, and what to do. `key` is what it is
    about: the same key is the same trouble, which is not told twice within ALERT_REPEAT_HOURS.
    """

    kind: Kind
    key: str
    title: str
    text: str
    severity: Severity = "warning"
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AlertRecord:
    """An alert and what became of it; times are seconds since 1970, UTC.

    `pending` is not sent yet and tried again; `not_configured` was raised where no webhook is set;
    `given_up` could not be sent for a day.
    """

    id: str
    alert: Alert
    raised: float
    state: State
    attempts: int = 0
    # Why the last attempt failed; empty where none did.
    problem: str = ""
    again_at: float | None = None
    sent: float | None = None
    # How often the same was raised again meanwhile, and when last.
    repeats: int = 0
    last_repeat: float | None = None
    # Since when the trouble is over, where somebody noticed: the next of this key is a new one.
    over: float | None = None
