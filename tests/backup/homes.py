"""Homes as the graph, the service and people leave them."""

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from bento_service.prediction_log.segment import Segment
from tests.model.conftest import features_table, passenger_rows
from tests.prediction_log.lines import a_line, a_segment, an_outcome, seconds
from tests.releasing.conftest import Models
from titanic_assets.monitoring.events.collecting import collect
from titanic_assets.releasing.publish import publish
from titanic_assets.settings import Settings
from titanic_assets.stack.stores import prepare_dagster
from titanic_assets.tables import Table
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.promotion import Promotion, promote
from titanic_assets.training.feature_tables import write_online
from titanic_model.schemas import FEATURES_SCHEMA, SAILING


class Home:
    """A folder of its own, and the settings that lead there."""

    def __init__(self, path):
        self.path = path
        self.settings = Settings(titanic_home=path, landing_settle_seconds=0)
        self.places = self.settings.places

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def files(self):
        """What lies in it, and its content."""
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and path.name != "running.json"
        }


class LivedInHome(Home):
    """Two versions were registered and promoted, one is live; predictions have been logged."""

    def __init__(self, path, migrated_store):
        super().__init__(path)
        self.places.mlflow.mkdir(parents=True)
        (self.places.mlflow / "mlflow.db").write_bytes(migrated_store.read_bytes())
        self.models = Models(self.places.mlflow)
        self.ledger = PromotionLedger(self.places.ledger)
        self.promote(self.models.register(-1.0))
        self.promote(self.models.register(-0.5))
        self.live = publish(self.models.registry, self.places.releases).current
        self._run_dagster()
        self._write_features()
        self.write("bentoml/bentos/titanic_survival/2-a/bento.yaml", "name: titanic_survival\n")
        self.write("quarantine/refused/d.json", "{}")
        self.write("landing/list.csv", "a,b\n")
        self.write("reports/page.html", "<p>page</p>")
        self._log_predictions()
        self._collect_events()
        for name in ("logs/api.log", "assets/.value.json.1", "bentoml/unfinished/half"):
            self.write(name, "of no use tomorrow")

    def promote(self, number):
        version = self.models.registry.version(number)
        promote(
            self.models.registry,
            self.ledger,
            Promotion(version, "champion", "better", "ann", f"run-{number}"),
        )

    def _run_dagster(self):
        @dg.asset
        def bells(context):
            context.log.info("eight bells")
            return dg.MaterializeResult(metadata={"rung": 8})

        prepare_dagster(self.settings)
        with dg.DagsterInstance.from_config(str(self.places.dagster)) as instance:
            self.run_id = dg.materialize([bells], instance=instance).run_id
            instance.report_runless_asset_event(dg.AssetMaterialization("live_release"))

    def _write_features(self):
        table = features_table(passenger_rows()[:3])
        sailing = pa.array([SAILING] * len(table), pa.timestamp("us", tz="UTC"))
        table = table.append_column("event_timestamp", sailing)
        path = self.places.tables / "passenger_features.parquet"
        path.parent.mkdir()
        pq.write_table(table.select(FEATURES_SCHEMA.names).cast(FEATURES_SCHEMA), path)
        write_online(Table(path), self.places.feature_store)

    def _log_predictions(self):
        day = self.places.prediction_log / "2026-11-21"
        day.mkdir(parents=True)
        closed = Segment.create(day / "closed.jsonl")
        closed.append(memoryview(b'{"n": 1}\n'))
        closed.close()
        self._open_segment = Segment.create(day / "open.jsonl")
        self._open_segment.append(memoryview(b'{"n": 2}\n{"n": 3}\n{"n": 4, "to'))

    def _collect_events(self):
        """Of a log that was taken away since; a killed collection has left a file behind."""
        log = self.path.with_name("another log")
        noon = seconds("12:00:00")
        a_segment(log, "12:00:00", [a_line(noon), an_outcome(noon + 60)])
        collect(self.settings.model_copy(update={"prediction_log_uri": str(log)}))
        self.write("events/predictions/day=2026-11-21/killed-1.parquet", "half")
