"""All that the monitor looks at: Dagster, the ledger of alerts, the reports."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.alerts.ledger import LedgerContents
from titanic_assets.monitor.alert_history import LedgerReader
from titanic_assets.monitor.dagster_store import DagsterStore
from titanic_assets.monitor.health import DagsterHealth
from titanic_assets.monitor.looking import GOOD_FOR_SECONDS, Look, Looking
from titanic_assets.monitor.reports import Reports, read_reports

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

_LEDGER_SECONDS = 0.5

Alerts = tuple[LedgerContents, Mapping[tuple[str, str], int]]


@dataclass(frozen=True)
class Seen:
    """All of it at one moment."""

    dagster: Look[DagsterHealth]
    alerts: Look[Alerts]
    reports: Look[Reports]


class Sources:
    """Each is looked at by itself, so one that hangs holds up no other."""

    def __init__(self, settings: Settings, *, good_for: float = GOOD_FOR_SECONDS) -> None:
        # As for Dagster's own programs.
        home = Path(os.environ.get("DAGSTER_HOME") or settings.places.dagster)
        self.dagster = Looking(DagsterStore(home).read, good_for=good_for)
        # A file that is only read when it has changed.
        self.alerts = Looking(
            LedgerReader(settings.places.alerts).read, good_for=min(good_for, _LEDGER_SECONDS)
        )
        self.reports = Looking(lambda: read_reports(settings), good_for=good_for)

    async def now(self) -> Seen:
        """Look at all of them."""
        return Seen(
            *await asyncio.gather(self.dagster.now(), self.alerts.now(), self.reports.now())
        )
