"""A drift report, made: each version's predictions, their pages, and what the champion's mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from titanic_assets.monitoring.drift import page
from titanic_assets.monitoring.drift.counting import Counted, count
from titanic_assets.monitoring.drift.history import History
from titanic_assets.monitoring.drift.reference import read_reference, read_reference_rows
from titanic_assets.monitoring.drift.report import DriftReport, Role, VersionDrift
from titanic_assets.monitoring.drift.verdict import report_id, sentence
from titanic_assets.monitoring.drift.window import (
    LOOK_BACK_SECONDS,
    choose_window,
    judge_fields,
)
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.tracking.registry import NoRelease
from titanic_model.reference import ENOUGH, Reference

if TYPE_CHECKING:
    from titanic_assets.settings import Settings
    from titanic_assets.tracking.mlflow_run import MlflowRun
    from titanic_assets.tracking.versions import ModelVersion

FOLDER = "drift"
NOBODY = "There is no champion yet whose passengers could be compared."


def history_of(settings: Settings) -> History:
    """What earlier reports of this home found."""
    return History(settings.places.reports / "drift.jsonl")


@dataclass(frozen=True)
class DriftReporter:
    """What a report is made with, as of `now`."""

    settings: Settings
    run: MlflowRun
    say: Callable[[str], None]
    now: float

    def report(self) -> DriftReport:
        """Look at every version that made predictions of late; the champion in any case.

        Raises `NoRelease` where there is nothing any more that the champion could be compared with.
        """
        versions: list[VersionDrift] = []
        name, why = "drift-none", NOBODY
        for version, role in self._watched():
            try:
                reference = read_reference(self.run.registry.client, version)
            except NoRelease as error:
                if role == "champion":
                    raise
                self.say(f"version {version.version} is left out: {error}")
                continue
            counted = self._counted(version, reference)
            if not counted.predictions and role == "earlier":
                continue
            found = self._look(version, role, reference, counted)
            self.say(sentence(found, self.now))
            versions.append(found)
            if role == "champion":
                name = report_id(version.version, version.digest, counted)
                why = sentence(found, self.now)
        report = DriftReport(
            report_id=name,
            made=self.now,
            asks_for_training=False,
            why=why,
            link=None,
            threshold=self.settings.drift_threshold,
            versions=tuple(versions),
        )
        if (champion := report.champion) is None:
            return report
        return replace(report, asks_for_training=bool(champion.drifted), link=champion.link)

    def _watched(self) -> Iterator[tuple[ModelVersion, Role]]:
        """Whom to look at: the champion, the challenger, and whoever else said something."""
        aliases = self.run.registry.aliases()
        roles: dict[int | None, Role] = {
            aliases.get("challenger"): "challenger",
            aliases.get("champion"): "champion",
        }
        seen = self._store.versions(self.now - LOOK_BACK_SECONDS, self.now)
        known = {version.version: version for version in self.run.registry.versions()}
        for number, version in sorted(known.items(), reverse=True):
            if number in roles or str(number) in seen:
                yield version, roles.get(number, "earlier")

    def _counted(self, version: ModelVersion, reference: Reference) -> Counted:
        created = version.created.timestamp()
        window = choose_window(
            self._store,
            version.version,
            created,
            history_of(self.settings).last_of(version.digest, created),
            self.now,
            self.settings.drift_predictions,
        )
        return window.counted(self._store, reference)

    def _look(
        self, version: ModelVersion, role: Role, reference: Reference, counted: Counted
    ) -> VersionDrift:
        fields = judge_fields(counted, reference, self.settings.drift_threshold)
        found = VersionDrift(
            version=version.version,
            digest=version.digest,
            role=role,
            predictions=counted.predictions,
            first=counted.first,
            last=counted.last,
            enough=counted.predictions >= ENOUGH,
            fields=fields,
            quality=counted.quality,
            link=None,
            no_page=None,
        )
        if not found.enough:
            return replace(found, no_page="too few predictions")
        return self._with_pages(found, version, reference, counted)

    def _with_pages(
        self, found: VersionDrift, version: ModelVersion, reference: Reference, counted: Counted
    ) -> VersionDrift:
        """Evidently's pages, kept in MLflow. The numbers stand without them."""
        then = read_reference_rows(
            self.run.registry.client, version.run_id, reference.left_out(counted.unknown)
        )
        if then is None or counted.rows is None:
            return replace(
                found, no_page="it was trained before its passengers were kept for reports"
            )
        heading = page.Heading(
            f"Drift of version {found.version}, {found.role}",
            sentence(found, self.now),
            _small_print(found, counted, self.now),
        )
        try:
            shown = count(counted.rows.to_batches(), reference, len(counted.rows))
            drift = page.drift_page(
                heading,
                counted.rows,
                then,
                judge_fields(shown, reference, self.settings.drift_threshold),
            )
            answers = page.quality_page(
                replace(heading, title=f"What version {found.version} said, and what happened"),
                counted.rows,
                then,
            )
        except Exception as error:  # noqa: BLE001 - of a library that is there to draw
            self.say(f"no page for version {found.version}: Evidently failed with {error!r}")
            return replace(found, no_page=f"Evidently failed: {type(error).__name__}")
        paths = {
            f"{FOLDER}/version-{found.version}.html": drift,
            f"{FOLDER}/version-{found.version}-answers.html": answers,
        }
        self.run.log_files({path: content for path, content in paths.items() if content})
        links = [
            self.run.artifact_url(path) if content else None for path, content in paths.items()
        ]
        quality = found.quality and replace(found.quality, link=links[1])
        return replace(found, link=links[0], quality=quality)

    @property
    def _store(self) -> EventStore:
        return EventStore.of(self.settings)


def _small_print(found: VersionDrift, counted: Counted, now: float) -> str:
    shown = len(counted.rows) if counted.rows is not None else 0
    drawn = f", of which {shown:,} drawn at random are shown" if shown < found.predictions else ""
    return (
        f"Predictions from {when(found.first)} to {when(found.last)}{drawn}. Reference: the "
        f"passengers it was trained on, with what it said of them unseen. Made {when(now)}."
    )


def when(moment: float | None) -> str:
    """A time as people read it."""
    if moment is None:
        return "-"
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
