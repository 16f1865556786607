"""What a person does at the terminal: `make promote` and `make rollback`."""

from __future__ import annotations

from collections.abc import Callable
from getpass import getuser

from titanic_assets.releasing.going_live import NotLive
from titanic_assets.releasing.publish import Overtaken
from titanic_assets.releasing.rolling_back import roll_back
from titanic_assets.releasing.telling import tell_dagster
from titanic_assets.settings import Settings
from titanic_assets.tracking.http_registry import RegistryUnreachable, open_registry
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.promotion import Promotion, promote
from titanic_assets.tracking.withdrawal import Withdrawal

Say = Callable[[str], None]


def promote_by_hand(settings: Settings, number: int, why: str, say: Say) -> None:
    """Make a version champion, also one that was withdrawn. The graph then takes it live."""
    registry = open_registry(settings)
    promotion = Promotion(
        version=registry.version(number),
        alias="champion",
        why=why or "asked for by make promote",
        who=_whoever_asks(),
        dagster_run_id=None,
        kind="by_hand",
    )
    event = promote(registry, PromotionLedger(settings.places.ledger), promotion)
    if event is None:
        say(f"version {number} is champion already")
        return
    before = f"; it was version {event.from_version}" if event.from_version else ""
    say(f"version {number} is champion{before}")
    say("promotion_sensor takes it live within seconds, or with the next `make run`")


def roll_back_by_hand(settings: Settings, why: str, say: Say) -> None:
    """Withdraw the champion, make the one before live again, and let Dagster's history show it."""
    withdrawal = Withdrawal(why or "asked for by make rollback", _whoever_asks())
    try:
        done = roll_back(settings, open_registry(settings), withdrawal, say)
    except Overtaken as overtaken:
        say(f"others make live what is champion by now: {overtaken}")
        return
    except RegistryUnreachable:
        if _is_begun(withdrawal, PromotionLedger(settings.places.ledger)):
            say("it is begun, and promotion_sensor ends it once MLflow answers; to run this again "
                "after that would withdraw one more version")  # fmt: skip
        raise
    except NotLive:
        say("the alias has moved, so it goes live once the service can take it; to run this again "
            "would withdraw one more version")  # fmt: skip
        raise
    if done is not None:
        tell_dagster(settings, done, say)


def _is_begun(withdrawal: Withdrawal, ledger: PromotionLedger) -> bool:
    with ledger.held() as book:
        intended = book.intended()
    return intended is not None and intended.event_id == withdrawal.event_id


def _whoever_asks() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return "unknown"
