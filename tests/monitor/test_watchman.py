"""The daemon falls silent, people are told over a real webhook, and it comes back."""

import asyncio
import time

from pydantic import SecretStr

from tests.alerts.receiver import Receiver
from titanic_assets.alerts.alert import Alert
from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.monitor.sources import Sources
from titanic_assets.monitor.watchman import Watchman


class Hasty:
    """A clock on which every look is five seconds after the one before."""

    def __init__(self):
        self.now = time.time()

    def __call__(self):
        self.now += 5
        return self.now


async def watching(settings, clock, said, until):
    """Watch until that is so."""
    watch = Watchman(settings, Sources(settings, good_for=0), said.append, every=0.01, clock=clock)
    going_on = asyncio.create_task(watch.run())
    async with asyncio.timeout(20):
        while not until():  # noqa: ASYNC110 - it happens in a file, or elsewhere
            await asyncio.sleep(0.02)
    going_on.cancel()


def test_a_daemon_that_falls_silent_is_told_over_the_webhook_and_so_is_what_waited(home):
    receiver = Receiver()
    try:
        url = SecretStr(receiver.url)
        settings = home.settings.model_copy(update={"slack_webhook_url": url})
        ledger = AlertLedger(settings.places.alerts)
        waits = Alert("drift", "age", "Older passengers", "They are.")
        ledger.enter(waits, time.time(), repeat_seconds=60, configured=True)
        home.beat()
        clock, said = Hasty(), []

        sent = ["alert sent: Older passengers", "alert sent: Dagster's daemon has stopped"]
        asyncio.run(watching(settings, clock, said, lambda: set(sent) <= set(said)))
        assert {text.partition("\n")[0] for text in receiver.texts} == {
            "[warning] Older passengers", "[critical] Dagster's daemon has stopped",
        }  # fmt: skip

        home.beat(clock.now + 1000)
        over = "over: Dagster's daemon has stopped"
        asyncio.run(watching(settings, clock, said, lambda: over in said))
        assert len(receiver.taken) == 2
        assert [bool(record.over) for record in ledger.records()] == [False, True]
    finally:
        receiver.stop()


def test_a_ledger_that_cannot_be_written_stops_nobody(home):
    home.settings.places.alerts.mkdir(parents=True)
    home.beat()
    clock, said = Hasty(), []
    asyncio.run(watching(home.settings, clock, said, lambda: any("not entered" in s for s in said)))
