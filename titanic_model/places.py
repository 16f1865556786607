"""Where the system keeps what it writes: one folder, and what lies where in it.

Nothing is created here; whoever writes makes its own folder.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The layout of `TITANIC_HOME`."""

    home: Path

    @property
    def dagster(self) -> Path:
        """Dagster's own home: run history, schedules, sensors."""
        return self.home / "dagster"

    @property
    def mlflow(self) -> Path:
        """MLflow's database and artifacts."""
        return self.home / "mlflow"

    @property
    def bentoml(self) -> Path:
        """BentoML's store."""
        return self.home / "bentoml"

    @property
    def tables(self) -> Path:
        """The assets' values."""
        return self.home / "assets"

    @property
    def feature_store(self) -> Path:
        """Feast's registry, offline and online store."""
        return self.home / "features"

    @property
    def releases(self) -> Path:
        """Model releases and `current.json`."""
        return self.home / "releases"

    @property
    def landing(self) -> Path:
        """Where people drop passenger lists."""
        return self.home / "landing"

    @property
    def quarantine(self) -> Path:
        """Refused rows and the records of refused files."""
        return self.home / "quarantine"

    @property
    def prediction_log(self) -> Path:
        """What the service saw and said."""
        return self.home / "predictions"

    @property
    def events(self) -> Path:
        """The prediction log as it was collected: tables by day."""
        return self.home / "events"

    @property
    def reports(self) -> Path:
        """Pages for people."""
        return self.home / "reports"

    @property
    def ledger(self) -> Path:
        """The append-only record of promotions."""
        return self.home / "ledger" / "promotions.jsonl"

    @property
    def alerts(self) -> Path:
        """The append-only record of alerts."""
        return self.home / "ledger" / "alerts.jsonl"
