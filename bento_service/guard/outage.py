"""A place that is out of order: said once, left alone for a while, then tried again by one."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)
_LEFT_ALONE_SECONDS = 1.0


class Outage:
    """Whether a place can be used just now."""

    def __init__(self, lost: str, back: str, clock: Callable[[], float]) -> None:
        self._lost = lost
        self._back = back
        self._clock = clock
        self._again_at = 0.0
        self.lasts = False

    def leave_alone(self) -> bool:
        """Whether to go elsewhere; of many that ask after a while, one is sent to try."""
        if not self.lasts:
            return False
        now = self._clock()
        if now < self._again_at:
            return True
        self._again_at = now + _LEFT_ALONE_SECONDS
        return False

    def began(self, error: BaseException) -> None:
        """It failed."""
        self._again_at = self._clock() + _LEFT_ALONE_SECONDS
        if not self.lasts:
            self.lasts = True
            logger.warning("%s (%s)", self._lost, type(error.__cause__ or error).__name__)

    def ended(self) -> None:
        """It worked."""
        if self.lasts:
            self.lasts = False
            logger.info("%s", self._back)
