"""Which message is due next: one alert, or several together where there are too many.

At most `MOST_IN_AN_HOUR` messages are sent in an hour, and the last few of these places are for
what is critical. More alerts than places are told together; the message that takes the last place
says until when there is silence.

A clock that was ahead and is set back leaves times in the ledger that are still to come. What is
farther off than it can have been meant is taken for no time at all, or nobody would be told until
then.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from titanic_assets.alerts.alert import AlertRecord
from titanic_assets.alerts.ledger import LedgerContents
from titanic_assets.alerts.wording import as_message, as_summary, clock_time

MOST_IN_AN_HOUR = 20
KEPT_FOR_CRITICAL = 5
GIVEN_UP_AFTER_SECONDS = 24 * 3600.0
# What whoever takes messages may ask for; our own pauses are shorter.
LONGEST_SILENCE = 3600.0
_HOUR = 3600.0
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 600.0


@dataclass(frozen=True)
class Message:
    """What to post, and which alerts are told by it."""

    ids: tuple[str, ...]
    text: str
    # The same whenever the same is told, so that who takes messages can tell.
    message_id: str
    # When to try again if this comes to nothing.
    again_at: float
    titles: str


def next_message(
    contents: LedgerContents, now: float, *, history: str, first: str | None = None
) -> Message | None:
    """The message to send now, or None; `first` is the alert that somebody raises just now."""
    if 0 < contents.quiet_until - now <= LONGEST_SILENCE:
        return None
    due = [r for r in contents.records if r.state == "pending" and _is_due(r, now)]
    due.sort(key=lambda r: (r.id != first, r.alert.severity != "critical", r.raised))
    lately = sorted(at for at in contents.messages if 0 <= now - at < _HOUR)
    severest = [True, False]
    if first and due and due[0].id == first:
        severest = [due[0].alert.severity == "critical"]
    for severe in severest:
        group = [r for r in due if (r.alert.severity == "critical") is severe]
        room = MOST_IN_AN_HOUR - len(lately) - (0 if severe else KEPT_FOR_CRITICAL)
        if not group or room < 1:
            continue
        together = group if room == 1 or len(group) > room else group[:1]
        note = ""
        if room == 1:
            opens = (lately[0] if lately else now) + _HOUR
            note = (
                f"\nThese were too many alerts within an hour. What comes now is told together at "
                f"{clock_time(opens)}; until then see {history}"
            )
        return _message(together, now, history, note)
    return None


def expired(contents: LedgerContents, now: float) -> tuple[AlertRecord, ...]:
    """Those that could not be sent for so long that it is news no more."""
    return tuple(
        record
        for record in contents.records
        if record.state == "pending" and now - record.raised >= GIVEN_UP_AFTER_SECONDS
    )


def _is_due(record: AlertRecord, now: float) -> bool:
    again_at = record.again_at or 0.0
    return again_at <= now or again_at - now > LONGEST_SILENCE


def pause(attempts: int) -> float:
    """How long to wait after so many attempts."""
    return float(min(_FIRST_PAUSE * 2 ** min(max(attempts - 1, 0), 10), _LONGEST_PAUSE))


def _message(records: list[AlertRecord], now: float, history: str, note: str = "") -> Message:
    text = as_message(records[0], now) if len(records) == 1 else as_summary(records, history)
    ids = tuple(record.id for record in records)
    return Message(
        ids=ids,
        text=text + note,
        message_id=hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32],
        again_at=now + pause(1 + max(record.attempts for record in records)),
        titles="; ".join(record.alert.title for record in records),
    )
