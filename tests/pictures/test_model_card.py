"""The model card says what it must, and says it of this model."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from titanic_assets.training.model_card import Figure, Group, ModelFacts, Variant, render_model_card

FACTS = ModelFacts(
    version=7,
    created=datetime(2026, 4, 15, 2, 20, tzinfo=UTC),
    family="soft vote",
    imbalance="none",
    parameters=(("C", "0.3"), ("max_iter", "120")),
    trials=12,
    feature_version=1,
    sources=("packaged/titanic3.csv", "landing/more.csv"),
    data_fingerprint="f" * 12,
    training_rows=1_060,
    held_out_rows=249,
    cross_validated=(Figure("accuracy", 0.82, 0.8, 0.84), Figure("log_loss", 0.425)),
    held_out=(Figure("accuracy", 0.8112), Figure("brier", 0.133)),
    sex_alone_accuracy=0.78,
    groups=(
        Group("first-class men", 35, 0.34, 0.2, Figure("accuracy", 0.65), weak=True),
        Group("first-class women", 28, 0.97, 1.0, Figure("accuracy", 0.97)),
    ),
    variants=(
        Variant("everything", (Figure("accuracy", 0.811),)),
        Variant("without name, ticket, cabin", (Figure("accuracy", 0.79),)),
    ),
    digest="d" * 12,
    dagster_run_id="dagster-run",
    mlflow_run_id="mlflow-run",
    code_revision="abc123",
)


def section(card: str, title: str) -> str:
    return card.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_a_card_has_every_section_a_reader_looks_for() -> None:
    assert re.findall(r"^#+ (.+)$", render_model_card(FACTS), flags=re.MULTILINE) == [
        "titanic-survival, version 7",
        "Intended use",
        "Data",
        "Method",
        "Quality",
        "By sex and class",
        "With less known",
        "Limits and ethical notes",
        "Provenance",
    ]
    assert "**Not intended**" in render_model_card(FACTS)


def test_the_data_is_named_with_its_sources_and_fingerprint() -> None:
    data = section(render_model_card(FACTS), "Data")
    assert "1,309 passengers" in data
    assert "`packaged/titanic3.csv`, `landing/more.csv`" in data
    assert "`ffffffffffff`" in data
    assert "249 held out" in data


def test_figures_stand_side_by_side_with_intervals_and_gaps() -> None:
    quality = section(render_model_card(FACTS), "Quality")
    assert "| Figure | cross-validated | held out |" in quality
    assert "| accuracy | 0.820 (0.800 to 0.840) | 0.811 |" in quality
    assert "| log loss | 0.425 | - |" in quality
    assert "| brier | - | 0.133 |" in quality
    assert "0.780 of the held-out cases" in quality


def test_weak_groups_are_named() -> None:
    fairness = section(render_model_card(FACTS), "By sex and class")
    assert "Weak for first-class men:" in fairness
    assert "| **first-class men** | 35 | 0.34 | 0.20 | 0.650 |" in fairness
    assert "| first-class women | 28 | 0.97 | 1.00 | 0.970 |" in fairness
    strong = replace(FACTS, groups=FACTS.groups[1:])
    assert "No group is marked as weak." in render_model_card(strong)


def test_quality_without_name_ticket_and_cabin_is_reported() -> None:
    inputs = section(render_model_card(FACTS), "With less known")
    assert "| Figure | everything | without name, ticket, cabin |" in inputs
    assert "| accuracy | 0.811 | 0.790 |" in inputs


def test_a_card_says_where_the_model_comes_from() -> None:
    provenance = section(render_model_card(FACTS), "Provenance")
    assert "| Created | 2026-04-15 02:20 UTC |" in provenance
    for identity in ("dddddddddddd", "dagster-run", "mlflow-run", "abc123"):
        assert f"`{identity}`" in provenance


def test_names_from_elsewhere_do_not_break_the_tables() -> None:
    odd = replace(FACTS, family="soft|vote\n# heading", sources=("a|b\n.csv",))
    card = render_model_card(odd)
    assert "soft\\|vote # heading" in card
    assert "# heading" not in card.splitlines()
    assert "`a\\|b .csv`" in card


def test_a_model_without_parameters_has_no_empty_table() -> None:
    method = section(render_model_card(replace(FACTS, parameters=())), "Method")
    assert "|" not in method
    assert "the best of 12 candidates" in method
