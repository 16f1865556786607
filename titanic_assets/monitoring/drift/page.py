"""Evidently's pages of a version's predictions, judged by the index that the service counts, too.

Evidently is given a test of our own for each field, because its own know nothing of our bins, of
what chance explains, and of missing values, which it leaves out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from titanic_assets.monitoring.drift.counting import FIELDS, OUTCOME
from titanic_model.binning import binning
from titanic_model.contract import FIELDS as CONTRACT
from titanic_model.contract import LABEL
from titanic_model.metrics import THRESHOLD
from titanic_model.reference import SCORE, Drift, Reference

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from evidently.core.report import Snapshot
    from evidently.legacy.calculations.stattests import StatTest

# Of fewer outcomes figures of quality say nothing.
ENOUGH_OUTCOMES = 30
TEST_NAME = "titanic_drift_index"
_SHOWN_AS = "population stability index, as the service counts it"
_SAID = "said"
_CATEGORIES = ("pclass", *(field.name for field in CONTRACT if field.kind == "category"))


@dataclass(frozen=True)
class Heading:
    """What stands above Evidently's own: which report this is, and what it concludes."""

    title: str
    sentence: str
    small_print: str


def drift_page(
    heading: Heading, now: pa.Table, then: pa.Table, reference: Reference, threshold: float
) -> bytes:
    """Data drift, drift of the answers and missing values, as one HTML page without foreign parts.

    A field in which one side has no value at all is left out: there is nothing to draw.
    """
    return _as_html(drift_snapshot(now, then, reference, threshold), heading)


def drift_snapshot(
    now: pa.Table, then: pa.Table, reference: Reference, threshold: float
) -> Snapshot:
    """What Evidently finds, before it is a page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries it uses; there is nothing to do about them
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import MissingValueCount
        from evidently.presets import DataDriftPreset

        frames = [table.select(list(FIELDS)).to_pandas() for table in (now, then)]
        drawn = [name for name in FIELDS if all(frame[name].notna().any() for frame in frames)]
        lacking = [name for name in FIELDS if any(frame[name].isna().any() for frame in frames)]
        definition = DataDefinition(
            numerical_columns=[name for name in FIELDS if name not in _CATEGORIES],
            categorical_columns=list(_CATEGORIES),
        )
        judged = {name: _bar(name, frames[0], reference, threshold) for name in drawn}
        report = Report(
            [
                DataDriftPreset(
                    columns=drawn,
                    per_column_method={
                        name: _test(name, len(now), reference, threshold) for name in drawn
                    },
                    per_column_threshold=judged,
                    drift_share=1 / len(drawn),
                ),
                *(MissingValueCount(column=name) for name in lacking),
            ],
            include_tests=True,
        )
        datasets = [Dataset.from_pandas(each, data_definition=definition) for each in frames]
        return report.run(*datasets)


def quality_page(heading: Heading, now: pa.Table, then: pa.Table) -> bytes | None:
    """How good the answers were where it is known what happened; None of too few of either fate."""
    import pyarrow.compute as pc

    known = now.filter(pc.is_valid(now[OUTCOME]))
    fates = pc.sum(known[OUTCOME]).as_py() or 0
    if len(known) < ENOUGH_OUTCOMES or fates in (0, len(known)):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import BinaryClassification, DataDefinition, Dataset, Report
        from evidently.presets import ClassificationPreset

        definition = DataDefinition(
            numerical_columns=[SCORE],
            categorical_columns=[LABEL, _SAID],
            classification=[
                BinaryClassification(target=LABEL, prediction_labels=_SAID, prediction_probas=SCORE)
            ],
        )
        datasets = [
            Dataset.from_pandas(_answers(table[SCORE], table[label]), data_definition=definition)
            for table, label in ((known, OUTCOME), (then, LABEL))
        ]
        return _as_html(Report([ClassificationPreset()]).run(*datasets), heading)


def _answers(scores: pa.ChunkedArray, fates: pa.ChunkedArray) -> pd.DataFrame:
    import pandas as pd

    score = scores.to_numpy()
    return pd.DataFrame(
        {
            SCORE: score,
            _SAID: (score >= THRESHOLD).astype(int),
            LABEL: fates.to_numpy().astype(int),
        }
    )


def _judge(name: str, values: Any, rows: int, reference: Reference, threshold: float) -> Drift:
    field = reference.field(name)
    counts = np.bincount(binning(field)(values), minlength=len(field.shares))
    counts[-1] += rows - counts.sum()  # the missing ones, which Evidently takes away
    return reference.judge(name, counts.tolist(), threshold)


def _bar(name: str, frame: pd.DataFrame, reference: Reference, threshold: float) -> float:
    values = frame[name].dropna().to_numpy()
    return _judge(name, values, len(frame), reference, threshold).bar


def _test(name: str, rows: int, reference: Reference, threshold: float) -> StatTest:
    """Our judgement on one field, as Evidently takes it: one name for each field and report."""
    from evidently.legacy.calculations.stattests import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    def judge(_: Any, now: pd.Series, kind: Any, bar: float) -> tuple[float, bool]:  # noqa: ARG001
        found = _judge(name, now.to_numpy(), rows, reference, threshold)
        return found.index, found.drifted

    test = StatTest(
        name=f"{TEST_NAME}_{name}",
        display_name=_SHOWN_AS,
        allowed_feature_types=[ColumnType.Numerical, ColumnType.Categorical],
    )
    register_stattest(test, default_impl=judge)
    return test


def _as_html(found: Snapshot, heading: Heading) -> bytes:
    page: str = found.get_html_str(as_iframe=False)
    above = (
        '<header style="max-width:1100px;margin:1.5rem auto 0;padding:0 1.5rem;'
        'font-family:sans-serif;line-height:1.5">'
        f'<h1 style="font-size:1.5rem;margin:0">{escape(heading.title)}</h1>'
        f'<p style="margin:.5rem 0">{escape(heading.sentence)}</p>'
        f'<p style="margin:0;opacity:.7;font-size:.9rem">{escape(heading.small_print)}</p>'
        "</header>"
    )
    head, body, rest = page.partition("<body>")
    return f"{head}{body}{above}{rest}".encode()
