"""Follows `current.json`: loads what it names, proves it, and makes it live at once.

What is live changes as a whole or not at all. A champion that fails a check is refused with its
reason and the pair before goes on; a challenger that does is left out. No request waits: loading
is done in a thread, the change is one assignment.
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
from bento_service.shown import shown
from titanic_model.events import Variant
from titanic_model.published import CURRENT, Current
from titanic_model.release import BrokenRelease
from titanic_model.scorer import UnusableModel

_log = logging.getLogger("bento_service.live")

# A refused release may be on its way still, so it is tried again, ever more seldom.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_NUDGES_LOOKED_FOR_SECONDS = 0.25
_NUDGE = "reload"
# Storage that takes longer than this to tell what is live is waited for beside the requests.
_FIRST_LOOK_SECONDS = 10.0
_STOP_SECONDS = 2.0
_REFUSALS_KEPT = 10


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
        # The last few, also of what nobody wants any more: whoever rolled back can see why. One
        # that is taken after all is no longer among them.
        self.refused: tuple[Refusal, ...] = ()
        self.unreachable: str | None = None
        self._follow = follow
        self._poll_seconds = poll_seconds
        self._nudge = shared / _NUDGE
        self._on_change = on_change
        self._on_refusal = on_refusal
        self._seen: bytes | None = None
        self._taken: bytes | None = None
        # What was refused since `current.json` is as it is, and why: said once.
        self._said: dict[str, str] = {}
        self._refused_now = False
        self._failed = ""
        self._pause = _FIRST_PAUSE
        self._try_again_at = math.inf
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="releases", daemon=True)

    @property
    def behind(self) -> bool:
        """Whether something else should be live, or nobody can tell what."""
        return self._refused_now or self.unreachable is not None

    def start(self) -> None:
        """Load what is live now; from then on watch for changes, if the source can have any."""
        if self._follow:
            self._thread.start()
            self._looked.wait(_FIRST_LOOK_SECONDS)
        else:
            self.check()

    def stop(self) -> None:
        """Watch no longer."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)  # it may hang in storage, and ends with the process

    def check(self, *, again: bool = False) -> None:
        """Look at the source now, with `again` also at what was refused before.

        What cannot be read or used leaves everything as it is.
        """
        with self._lock:
            try:
                content = self.source.current()
            except BrokenRelease as error:
                self._cannot_tell(str(error))
                return
            except Exception as error:  # noqa: BLE001 - whatever storage is out of reach by
                self._cannot_tell(shown(repr(error)))
                return
            if content is None:
                self._cannot_tell(f"there is no {CURRENT} in {self.source.shown}")
                return
            if self.unreachable:
                _log.info("releases can be read again", extra={"source": self.source.shown})
                self.unreachable = None
            if content != self._seen:
                self._pause = _FIRST_PAUSE
            elif not again and time.monotonic() < self._try_again_at:
                return
            self._seen = content
            self._take(content)

    def nudge(self) -> None:
        """Have all workers of this service look at once."""
        with self._nudge.open("ab") as nudge:
            nudge.write(b".")
        self.check(again=True)

    def _take(self, content: bytes) -> None:
        if content != self._taken:
            self._taken = content
            self._said.clear()
        self._try_again_at = math.inf
        self._refused_now = False
        try:
            current = Current.from_json(content)
        except BrokenRelease as error:
            self._refuse(CURRENT, str(error))
            return
        self._forget_refusal(CURRENT)
        champion = self._model(current.champion, "champion")
        challenger = self._model(current.challenger, "challenger") if current.challenger else None
        if champion is None:
            return
        live = Live(champion, challenger)
        if live != self.live:
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

    def _model(self, name: str, variant: Variant) -> LoadedModel | None:
        """The one that is loaded already, in whichever role, or else from the source."""
        for model in self.live.models if self.live else ():
            if model.name == name:
                return model.as_variant(variant)
        try:
            model = load(name, variant, self.source.read(name))
        except (BrokenRelease, UnusableModel) as error:
            self._refuse(name, str(error))
        except Exception as error:  # noqa: BLE001 - whatever storage or runtime fail by
            self._refuse(name, f"it cannot be read: {shown(repr(error))}")
        else:
            self._forget_refusal(name)
            return model
        return None

    def _refuse(self, name: str, reason: str) -> None:
        self._refused_now = True
        if self._try_again_at == math.inf:
            self._try_again_at = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        if self._said.get(name) == reason:
            return
        self._said[name] = reason
        self._forget_refusal(name)
        refusal = Refusal(name, reason, time.time())
        self.refused = (*self.refused, refusal)[-_REFUSALS_KEPT:]
        _log.error("release refused", extra={"release": name, "reason": reason})
        self._on_refusal(refusal)

    def _forget_refusal(self, name: str) -> None:
        self.refused = tuple(known for known in self.refused if known.name != name)

    def _cannot_tell(self, reason: str) -> None:
        if not self.unreachable:
            _log.log(
                logging.ERROR if self.live else logging.WARNING,
                "cannot tell which release should be live, what is goes on"
                if self.live
                else "waiting for a release",
                extra={"source": self.source.shown, "reason": reason},
            )
        self.unreachable = reason

    def _watch(self) -> None:
        nudges = self._nudges()
        self._look()
        self._looked.set()
        next_look = time.monotonic() + self._poll_seconds
        while not self._stop.wait(min(self._poll_seconds, _NUDGES_LOOKED_FOR_SECONDS)):
            nudges_before, nudges = nudges, self._nudges()
            if nudges != nudges_before or time.monotonic() >= next_look:
                self._look(again=nudges != nudges_before)
                next_look = time.monotonic() + self._poll_seconds

    def _look(self, *, again: bool = False) -> None:
        """Check, and go on watching whatever comes of it."""
        try:
            self.check(again=again)
        except Exception as error:  # noqa: BLE001 - what is live goes on, and so does the watch
            self._seen = None  # so that all is tried again
            self.unreachable = f"looking for a release failed: {error!r}"
            if self._failed != repr(error):
                self._failed = repr(error)
                _log.exception("looking for a release failed, it is tried again")
        else:
            self._failed = ""

    def _nudges(self) -> int:
        try:
            return self._nudge.stat().st_size
        except FileNotFoundError:
            return 0
