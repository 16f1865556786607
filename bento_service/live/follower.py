"""Follows `current.json`: loads what it names, proves it, and makes it live at once.

A release that fails a check is refused with its reason and the one before goes on answering. No
request waits: loading is done in a thread, the change is one assignment.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bento_service.live.models import Live, LoadedModel, load
from bento_service.live.sources import ReleaseSource
from titanic_model.events import Variant
from titanic_model.published import Current
from titanic_model.release import BrokenRelease
from titanic_model.scorer import UnusableModel

_log = logging.getLogger("bento_service.live")

_TRY_REFUSED_AGAIN_SECONDS = 10.0
_NUDGES_LOOKED_FOR_SECONDS = 0.25
_NUDGE = "reload"


@dataclass(frozen=True)
class Refusal:
    """A release that was not taken, and why."""

    name: str
    reason: str
    time: float


class Follower:
    """Keeps `live` what the source says should be live."""

    def __init__(
        self,
        source: ReleaseSource,
        *,
        follow: bool,
        poll_seconds: float,
        shared: Path,
        on_change: Callable[[Live], None],
        on_refusal: Callable[[Refusal], None],
    ) -> None:
        self.source = source
        self.live: Live | None = None
        self.refused: dict[str, Refusal] = {}
        self.unreachable: str | None = None
        self._follow = follow
        self._poll_seconds = poll_seconds
        self._nudge = shared / _NUDGE
        self._on_change = on_change
        self._on_refusal = on_refusal
        self._seen: bytes | None = None
        self._try_again_at = math.inf
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Load what is live now; from then on watch for changes, if the source can have any."""
        self.check()
        if self._follow:
            self._thread = threading.Thread(target=self._watch, name="releases", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def check(self, *, again: bool = False) -> None:
        """Look at the source now, with `again` also at what was refused before.

        What cannot be read or used leaves everything as it is.
        """
        with self._lock:
            try:
                content = self.source.current()
            except Exception as error:  # noqa: BLE001 - whatever storage is out of reach by
                self._out_of_reach(error)
                return
            if self.unreachable:
                _log.info("releases can be read again", extra={"source": self.source.shown})
                self.unreachable = None
            again = again or time.monotonic() > self._try_again_at
            if content is not None and (again or content != self._seen):
                self._seen = content
                self._take(content)

    def nudge(self) -> None:
        """Have all workers of this service look at once."""
        self._nudge.touch()
        self.check(again=True)

    def _take(self, content: bytes) -> None:
        self._try_again_at = math.inf
        try:
            current = Current.from_json(content)
        except BrokenRelease as error:
            self._refuse("current.json", str(error))
            return
        before = self.live
        champion = self._loaded(current.champion, "champion", before.champion if before else None)
        if champion is None:
            return
        challenger = None
        if current.challenger:
            challenger = self._loaded(
                current.challenger, "challenger", before.challenger if before else None
            )
        live = Live(champion, challenger)
        if live != before:
            self._on_change(live)
            self.live = live
            _log.info(
                "live",
                extra={
                    "model_version": live.champion.version,
                    "release": live.champion.name,
                    "challenger": live.challenger.name if live.challenger else None,
                },
            )

    def _loaded(
        self, name: str, variant: Variant, before: LoadedModel | None
    ) -> LoadedModel | None:
        if before is not None and before.name == name:
            return before
        try:
            model = load(name, variant, self.source.read(name))
        except (BrokenRelease, UnusableModel) as error:
            self._refuse(name, str(error))
        except Exception as error:  # noqa: BLE001 - whatever storage or runtime fail by
            self._refuse(name, f"it cannot be read: {error!r}")
        else:
            self.refused.pop(name, None)
            return model
        return None

    def _refuse(self, name: str, reason: str) -> None:
        # It may be on its way still, so it is tried again; the same reason is said only once.
        self._try_again_at = time.monotonic() + _TRY_REFUSED_AGAIN_SECONDS
        known = self.refused.get(name)
        if known is None or known.reason != reason:
            refusal = Refusal(name, reason, time.time())
            self.refused[name] = refusal
            _log.error("release refused", extra={"release": name, "reason": reason})
            self._on_refusal(refusal)

    def _out_of_reach(self, error: Exception) -> None:
        if not self.unreachable:
            _log.error(
                "releases cannot be read, what is live goes on",
                extra={"source": self.source.shown, "reason": repr(error)},
            )
        self.unreachable = repr(error)

    def _watch(self) -> None:
        nudged = self._nudged()
        next_look = time.monotonic() + self._poll_seconds
        while not self._stop.wait(min(self._poll_seconds, _NUDGES_LOOKED_FOR_SECONDS)):
            nudged_before, nudged = nudged, self._nudged()
            if nudged != nudged_before or time.monotonic() >= next_look:
                self.check(again=nudged != nudged_before)
                next_look = time.monotonic() + self._poll_seconds

    def _nudged(self) -> float:
        try:
            return self._nudge.stat().st_mtime
        except FileNotFoundError:
            return 0.0
