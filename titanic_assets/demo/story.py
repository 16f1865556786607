"""The story of the demo, step by step: what is done, what is waited for, what is shown of it.

Everything is done by the stack itself: this asks and tells as any client does, starts
`monitoring_job` instead of waiting for its schedule, and follows the runs that come of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.demo.passengers import (
    TICKET_TO_A_BOAT,
    TIMES_THE_FARE,
    YEARS_OLDER,
    Guest,
    newcomers,
    ordinary_guests,
)
from titanic_assets.demo.traffic import Asked, Client, NotAnswered, share_right
from titanic_assets.monitoring.verdicts import Report, read_verdict
from titanic_assets.settings import Settings, reachable
from titanic_assets.stack.dagster_api import Webserver
from titanic_assets.stack.runs import await_run, follow, made_a_champion
from titanic_assets.tracking.champions import champions
from titanic_assets.tracking.ledger import PromotionLedger

ORDINARY = 600
NEWCOMERS = 900
# Asked about in the end, by whichever model answers then. Nobody tells what became of them.
LATECOMERS = 200

_LOCATION = "titanic"
_MONITORING, _TRAINING, _BUNDLING = "monitoring_job", "training_job", "bundle_job"
_SHOWN_FIELDS = 4
_LOOK_EVERY_SECONDS = 0.5
_LOGGED_WITHIN_SECONDS = 30.0
_STARTED_WITHIN_TRIES = 4
_TOLD_WITHIN_SECONDS = 120.0
_LIVE_WITHIN_SECONDS = 60.0


class StoryBroke(RuntimeError):
    """Something that should have followed did not."""


@dataclass(frozen=True)
class Story:
    """The demo on a running stack. `check` raises when there is no point in going on."""

    settings: Settings
    say: Callable[[str], None]
    check: Callable[[], None]

    @cached_property
    def client(self) -> Client:
        """Whoever calls the API."""
        return Client(self.settings.service_url)

    @cached_property
    def webserver(self) -> Webserver:
        """Dagster's."""
        return Webserver(f"http://{reachable(self.settings.bind_host)}:{self.settings.ui_port}")

    def tell(self) -> None:
        """From the first ordinary passenger to whichever model answers in the end."""
        self._require_model()
        self._ordinary_days()
        guests = newcomers(NEWCOMERS + LATECOMERS)
        arrived, late = guests[:NEWCOMERS], guests[NEWCOMERS:]
        before = self._others_arrive(arrived)
        bundled = self.webserver.runs(_BUNDLING)
        run = self._report_and_training()
        if made_a_champion(self.settings, run):
            self._goes_live(bundled)
        else:
            self.say("the gates and the promotion rule say no: the champion stays")
        asked = self.client.ask(late)
        self.say(
            f"{LATECOMERS} more of those passengers ask: version {asked[0].version} is right about "
            f"{share_right(asked):.1%}; about those before them it was {share_right(before):.1%}"
        )

    def _require_model(self) -> None:
        try:
            self.client.live_version()
        except (OSError, NotAnswered):
            raise StoryBroke("no model answers; what is above says why") from None

    def _ordinary_days(self) -> None:
        self.say(f"{ORDINARY} passengers of the packaged list ask, and it is told how they fared")
        asked = self.client.ask(ordinary_guests(ORDINARY))
        self.client.tell(asked)
        self._show_right(asked)
        window = self.client.window()
        self.say(_gauges(window))
        if drifted := _drifted(window):
            raise StoryBroke(f"ordinary passengers, and yet {', '.join(drifted)} drifted")
        self._monitor()
        for report in ("drift_report", "performance_report"):
            if self._asks(report):
                raise StoryBroke(f"ordinary passengers, and yet the {report} asks for training")

    def _others_arrive(self, arrived: Sequence[Guest]) -> list[Asked]:
        self.say(
            f"{NEWCOMERS} others arrive: {YEARS_OLDER:g} years older, and they paid "
            f"{TIMES_THE_FARE:g} times as much. Whoever paid {TICKET_TO_A_BOAT:g} pounds or more "
            "is taken into a boat, which the model has never seen"
        )
        asked: list[Asked] = []
        for begin in range(0, len(arrived), 100):
            asked += self.client.ask(arrived[begin : begin + 100])
            if begin in {0, 100, 200, 300, 400, 500}:
                self.say(f"after {len(asked)}: {_gauges(self.client.window())}")
        self.client.tell(asked)
        self._show_right(asked)
        if not {"age", "fare"} <= _drifted(self.client.window()):
            raise StoryBroke("the window does not show that age and fare have drifted")
        return asked

    def _report_and_training(self) -> str:
        """The report asks, people are told, and the training that it asks for is followed."""
        known = self.webserver.runs(_TRAINING)
        self._monitor()
        if not self._asks("drift_report"):
            raise StoryBroke("the drift report does not ask for training")
        self.say("drift_sensor looks every 10 seconds, alert_sensor every 30")
        run = self._await(_TRAINING, known)
        tags = self.webserver.tags(run)
        self.say(
            f"{tags.get('titanic/asked_by', 'somebody')} starts {_TRAINING}: {self._page(run)}"
        )
        if not follow(self.webserver, run, self.say, self.check):
            raise StoryBroke("the training failed")
        self._await_alert()
        if others := set(self.webserver.runs(_TRAINING)) - {*known, run}:
            raise StoryBroke(f"more than one training was started: {', '.join(sorted(others))}")
        word = self.webserver.last_word("performance_sensor", _LOCATION)
        self.say(f"performance_sensor starts no other run: {word}")
        return run

    def _goes_live(self, bundled: Collection[str]) -> None:
        run = self._await(_BUNDLING, bundled)
        self.say(f"promotion_sensor starts {_BUNDLING}: {self._page(run)}")
        if not follow(self.webserver, run, self.say, self.check):
            raise StoryBroke("the new champion is not live")
        champion = champions(PromotionLedger(self.settings.places.ledger).events())[-1]
        self._wait(
            lambda: self.client.live_version() == str(champion),
            _LIVE_WITHIN_SECONDS,
            f"version {champion} is champion and does not answer",
        )
        self.say(f"version {champion} answers now")

    def _monitor(self) -> None:
        """Have the log collected and judged, as it is every six hours."""
        self._wait(self._logged, _LOGGED_WITHIN_SECONDS, "the prediction log is not closed")
        run = self.webserver.launch(_MONITORING, _LOCATION)
        self.say(f"{_MONITORING} runs, as it does every six hours: {self._page(run)}")
        if not follow(self.webserver, run, self.say, self.check):
            raise StoryBroke(f"{_MONITORING} failed")

    def _logged(self) -> bool:
        return not any(self.settings.places.prediction_log.rglob("*.jsonl.open"))

    def _asks(self, report: Report) -> bool:
        verdict = read_verdict(self.settings, report)
        if verdict is None:
            raise StoryBroke(f"there is no {report}")
        return verdict.asks_for_training

    def _await(self, job: str, known: Collection[str]) -> str:
        """The run that a sensor starts."""
        for _ in range(_STARTED_WITHIN_TRIES):
            if run := await_run(self.webserver, job, known, self.check):
                return run
        raise StoryBroke(f"no sensor starts {job}")

    def _await_alert(self) -> None:
        ledger = AlertLedger(self.settings.places.alerts)

        def told() -> bool:
            return any(each.alert.kind == "drift" for each in ledger.records())

        self._wait(told, _TOLD_WITHIN_SECONDS, "nobody was told of the drift")
        for each in ledger.records():
            self.say(f"alert, {each.state}: {each.alert.title}")

    def _wait(self, done: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            self.check()
            if time.monotonic() > deadline:
                raise StoryBroke(otherwise)
            time.sleep(_LOOK_EVERY_SECONDS)

    def _show_right(self, asked: list[Asked]) -> None:
        self.say(f"version {asked[0].version} was right about {share_right(asked):.1%} of them")

    def _page(self, run: str) -> str:
        return f"{self.settings.dagster_ui}/runs/{run}"


def _gauges(window: Mapping[str, Any]) -> str:
    """The window in a line: the fields that are farthest, and which have drifted."""
    farthest = sorted(window["fields"].items(), key=lambda item: -item[1]["drift"])
    fields = (
        f"{name} {field['drift']:.2f}{' drifted' if field['drifted'] else ''}"
        for name, field in farthest[:_SHOWN_FIELDS]
    )
    return f"in the window of {window['predictions']} the farthest are {', '.join(fields)}"


def _drifted(window: Mapping[str, Any]) -> set[str]:
    return {name for name, field in window["fields"].items() if field["drifted"]}
