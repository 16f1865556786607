"""The peer does what the graph does: the same rows kept, the same features to the last bit."""

import csv

import numpy as np
import pandas as pd
import pytest

from benchmarks import by_hand
from benchmarks.steps import validate_and_derive
from benchmarks.synthetic import EVERY, WRONG, write_synthetic
from titanic_assets.settings import Settings
from titanic_assets.sources.raw import read_sources
from titanic_model.features import FEATURES
from titanic_model.schemas import PACKAGED_LIST

ROWS = 3000


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    path = tmp_path_factory.mktemp("synthetic") / "passengers.csv"
    write_synthetic(ROWS, path)
    return path


def by_graph(source, folder):
    settings = Settings(titanic_home=folder / "home", titanic_source=str(source))
    raw = read_sources(settings, folder / "raw.parquet", rules="").table
    return validate_and_derive(raw, folder)


@pytest.mark.parametrize("which", ["synthetic", "packaged"])
def test_the_peer_keeps_the_rows_and_derives_the_features_of_the_graph(which, synthetic, tmp_path):
    source = {"synthetic": synthetic, "packaged": PACKAGED_LIST}[which]
    features = by_graph(source, tmp_path).to_pandas()
    by_hand.main(source, tmp_path / "by_hand.parquet")
    peer = pd.read_parquet(tmp_path / "by_hand.parquet")

    assert tuple(peer.columns) == FEATURES
    np.testing.assert_array_equal(peer.to_numpy(), features[list(FEATURES)].to_numpy())
    refused = pd.read_parquet(f"{tmp_path / 'by_hand.parquet'}.refused")
    quarantined = pd.read_parquet(tmp_path / "quarantined.parquet")
    assert refused["name"].tolist() == quarantined["name"].tolist()


def test_every_wrong_row_breaks_a_rule_and_every_repeated_one_is_found(synthetic, tmp_path):
    by_graph(synthetic, tmp_path)
    quarantined = pd.read_parquet(tmp_path / "quarantined.parquet")
    rules = [tuple(broken) for broken in quarantined["rules"]]

    assert rules.count(("unique_passenger",)) == ROWS // EVERY
    assert len(rules) == 2 * ROWS // EVERY
    assert len({rule for rule in rules if rule != ("unique_passenger",)}) == len(WRONG)


def test_a_synthetic_list_has_as_many_rows_as_asked_for_and_is_the_same_every_time(
    synthetic, tmp_path
):
    write_synthetic(ROWS, tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == synthetic.read_bytes()
    with synthetic.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == ROWS
    assert len({row["name"] for row in rows}) == ROWS - ROWS // EVERY
