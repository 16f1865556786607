"""Evidently's pages of a version's predictions, judged by the index that the service counts, too.

Evidently is given our judgement on each field as a test of its own: those that it has know nothing
of our bins, of what chance explains, of missing values, which it leaves out, and of names.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from titanic_assets.monitoring.drift.counting import FIELDS, OUTCOME
from titanic_model.contract import FIELDS as CONTRACT
from titanic_model.contract import LABEL
from titanic_model.metrics import THRESHOLD
from titanic_model.reference import SCORE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import pyarrow as pa
    from evidently.core.report import Snapshot
    from evidently.legacy.calculations.stattests import StatTest

    from titanic_assets.monitoring.drift.report import FieldDrift

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
    heading: Heading, now: pa.Table, then: pa.Table, judged: Sequence[FieldDrift]
) -> bytes:
    """Data drift, drift of the answers and missing values, as one HTML page without foreign parts.

    A field in which one side has no value at all is left out: there is nothing to draw.
    """
    return _as_html(drift_snapshot(now, then, judged), heading)


def drift_snapshot(now: pa.Table, then: pa.Table, judged: Sequence[FieldDrift]) -> Snapshot:
    """What Evidently finds, before it is a page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries it uses; there is nothing to do about them
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import MissingValueCount
        from evidently.presets import DataDriftPreset

        frames = [table.select(list(FIELDS)).to_pandas() for table in (now, then)]
        lacking = [name for name in FIELDS if any(frame[name].isna().any() for frame in frames)]
        drawn = [
            field for field in judged if all(frame[field.name].notna().any() for frame in frames)
        ]
        definition = DataDefinition(
            numerical_columns=[name for name in FIELDS if name not in _CATEGORIES],
            categorical_columns=list(_CATEGORIES),
        )
        report = Report(
            [
                DataDriftPreset(
                    columns=[field.name for field in drawn],
                    per_column_method={field.name: _test(field) for field in drawn},
                    per_column_threshold={field.name: field.bar for field in drawn},
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


def _test(field: FieldDrift) -> StatTest:
    """Our judgement on one field, as Evidently takes it."""
    from evidently.legacy.calculations.stattests import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    test = StatTest(
        name=f"{TEST_NAME}_{field.name}",
        display_name=_SHOWN_AS,
        allowed_feature_types=[ColumnType.Numerical, ColumnType.Categorical],
    )
    register_stattest(test, default_impl=lambda *_: (field.index, field.drifted))
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
