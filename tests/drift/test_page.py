"""Evidently's pages: our index in its tables, nothing from other hosts, and what stands above."""

import re

import numpy as np
import pyarrow as pa
import pytest

from titanic_assets.monitoring.drift.counting import count
from titanic_assets.monitoring.drift.page import Heading, drift_page, drift_snapshot, quality_page
from titanic_assets.monitoring.drift.window import judge_fields

HEADING = Heading("Drift of <version> 1", "Age & fare have moved.", "Made today.")


@pytest.fixture(scope="module")
def now(reference_table):
    """Training passengers again, older, with fewer ages known and some outcomes."""
    random = np.random.default_rng(9)
    rows = reference_table.take(random.integers(0, len(reference_table), 400))
    ages = rows["age"].to_numpy() + 20
    ages[:200] = np.nan
    said = rows["probability"].to_numpy() >= 0.5
    outcome = [fate.as_py() if place % 2 else None for place, fate in enumerate(rows["survived"])]
    rows = rows.set_column(
        rows.schema.get_field_index("age"), "age", [pa.array(ages, from_pandas=True)]
    )
    return (
        rows.append_column("key", [pa.array(np.arange(400, dtype=np.uint64))])
        .append_column("time", [pa.array(np.arange(400.0))])
        .append_column("said", [pa.array(said)])
        .append_column("name", [pa.array(["Novak"] * 400)])
        .append_column("cabin", [pa.array(["C1"] * 400)])
        .append_column("outcome", [pa.array(outcome)])
    )


@pytest.fixture(scope="module")
def judged(now, champion):
    return judge_fields(count(now.to_batches(), champion.reference, 0), champion.reference, 0.1)


def shown(found):
    """The score of each field, as Evidently shows it."""
    return {
        re.search(r"column=(\w+),", each["metric_name"])[1]: each["value"]
        for each in found["metrics"]
        if each["metric_name"].startswith("ValueDrift")
    }


def test_evidently_shows_our_index_and_our_verdict(now, judged, reference_table):
    found = drift_snapshot(now, reference_table, judged).dict()
    assert shown(found) == {field.name: field.index for field in judged}
    drifted = {field.name for field in judged if field.drifted}
    assert "age" in drifted
    said = {
        test["name"].rpartition(" ")[2]
        for test in found["tests"]
        if test["id"] == "drift" and test["status"].value == "FAIL"
    }
    assert said == drifted


def test_the_page_needs_no_other_host_and_says_what_it_is(now, judged, reference_table):
    page = drift_page(HEADING, now, reference_table, judged).decode()
    assert re.findall(r"<(?:script|img|link|iframe)[^>]*//[^>]*>", page) == []
    assert "<h1" in page
    assert "Drift of &lt;version&gt; 1" in page
    assert "Age &amp; fare have moved." in page
    # A page of MLflow's shows it, which a browser has to hold in memory.
    assert len(page) < 8_000_000


def test_known_outcomes_have_a_page_of_their_own(now, reference_table):
    page = quality_page(HEADING, now, reference_table).decode()
    assert "Model Quality Metrics" in page
    assert quality_page(HEADING, now.slice(0, 40), reference_table) is None
    same = pa.array([True] * 400)
    one_fate = now.set_column(now.schema.get_field_index("outcome"), "outcome", [same])
    assert quality_page(HEADING, one_fate, reference_table) is None


def test_a_field_without_any_value_is_left_out(now, judged, reference_table):
    place = now.schema.get_field_index("age")
    ageless = now.set_column(place, "age", [pa.nulls(400, pa.float64())])
    assert shown(drift_snapshot(ageless, reference_table, judged).dict()).keys() == {
        field.name for field in judged if field.name != "age"
    }
