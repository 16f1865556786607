"""What goes on in the background: the daemon is watched, and alerts that wait are sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from titanic_assets.alerts.delivery import deliver_pending
from titanic_assets.alerts.raising import raise_alert, trouble_over
from titanic_assets.monitor.looking import in_thread
from titanic_assets.monitor.watching import KEY, Step, alert, begin, decide

if TYPE_CHECKING:
    from titanic_assets.monitor.sources import Sources
    from titanic_assets.settings import Settings

_EVERY_SECONDS = 10.0


class Watchman:
    """Looks every few seconds, for as long as the server runs."""

    def __init__(
        self,
        settings: Settings,
        sources: Sources,
        say: Callable[[str], None],
        *,
        every: float = _EVERY_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._say = say
        self._every = every
        self._clock = clock
        self._state = begin(clock())

    async def run(self) -> None:
        """Go on until cancelled. Watching waits for no webhook."""
        await asyncio.gather(self._again(self._watch), self._again(self._deliver))

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the next time may go better
                self._say(f"the monitor could not do its work: {error!r}")
            await asyncio.sleep(self._every)

    async def _watch(self) -> None:
        look = await self._sources.dagster.now()
        step = decide(
            self._state, None if look.problem else look.value, look.problem, self._clock()
        )
        self._state = step.state
        if step.do:
            await asyncio.wrap_future(in_thread(lambda: self._act(step)))

    async def _deliver(self) -> None:
        contents = (await self._sources.alerts.now()).value
        if contents and any(record.state == "pending" for record in contents[0].records):
            await asyncio.wrap_future(in_thread(lambda: deliver_pending(self._settings, self._say)))

    def _act(self, step: Step) -> None:
        if step.do == "raise":
            links = {"Dagster": f"{self._settings.dagster_ui}/deployment/daemons"}
            raise_alert(self._settings, alert(step.why, links), self._say)
        else:
            trouble_over(self._settings, KEY, self._say)
