"""What goes on while a backup is taken, each in a process of its own, until it is killed.

`python at_work.py promoting <home>` registers, promotes and publishes one version after the other;
`... writing <home>` moves coins from one purse to another in SQLite, and logs each passenger in two
halves.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path

from titanic_model.places import Places


def promote_for_ever(places):
    from tests.releasing.conftest import Models
    from titanic_assets.releasing.publish import publish
    from titanic_assets.tracking.ledger import PromotionLedger
    from titanic_assets.tracking.promotion import Promotion, promote

    models = Models(places.mlflow)
    ledger = PromotionLedger(places.ledger)
    for count in range(1, 1_000_000):
        version = models.registry.version(models.register(-1.0 - count / 1000))
        promotion = Promotion(version, "champion", "better", "ann", f"run-{count}")
        promote(models.registry, ledger, promotion)
        publish(models.registry, places.releases)
        print(count, flush=True)  # noqa: T201 - for who started this


def write_for_ever(places):
    database = sqlite3.connect(places.feature_store / "online.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    begun = 1
    for count in range(1, 1_000_000_000):
        database.execute("BEGIN")
        database.execute("UPDATE purses SET coins = coins - 1 WHERE name = 'left'")
        database.execute("UPDATE purses SET coins = coins + 1 WHERE name = 'right'")
        database.execute("INSERT INTO filling VALUES (randomblob(2000))")
        database.execute("COMMIT")
        line = json.dumps({"n": count, "text": "a" * 200}).encode() + b"\n"
        segment = places.prediction_log / "2026-11-21" / f"{begun:09}.jsonl.open"
        with segment.open("ab", buffering=0) as file:
            file.write(line[:100])
            time.sleep(0.001)
            file.write(line[100:])
        if count % 50 == 0:
            segment.rename(segment.with_suffix(""))
            begun = count + 1
            print(count, flush=True)  # noqa: T201 - for who started this


if __name__ == "__main__":
    what = {"promoting": promote_for_ever, "writing": write_for_ever}
    what[sys.argv[1]](Places(Path(sys.argv[2])))
