"""Something that fails for a while: one log line when it begins, one when it is over."""

from __future__ import annotations

import logging

from bento_service.shown import shown

logger = logging.getLogger("bento_service.prediction_log")


class Trouble:
    """Whether one thing fails at the moment, and why."""

    def __init__(self, thing: str, meanwhile: str) -> None:
        self._thing = thing
        self._meanwhile = meanwhile
        self.reason: str | None = None

    def failed(self, error: BaseException) -> None:
        """It did not work."""
        new = self.reason is None
        self.reason = shown(f"{type(error).__name__}: {error}")
        if new:
            logger.error("%s fails: %s. %s", self._thing, self.reason, self._meanwhile)

    def worked(self) -> None:
        """It did."""
        if self.reason is not None:
            self.reason = None
            logger.info("%s works again.", self._thing)
