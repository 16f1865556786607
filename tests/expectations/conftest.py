"""Raw passenger tables made by hand, and what validation makes of them."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.batch_rules import Policy
from expectations.validation import validate
from expectations.verdict import Verdict
from titanic_model.contract import read_header
from titanic_model.schemas import PACKAGED_LIST, RAW_SCHEMA

Row = dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """A verdict, and the two tables beside it."""

    verdict: Verdict
    kept: list[Row]
    quarantined: list[Row]


def a_row(number: int = 1, **changes: Any) -> Row:
    """A raw row without fault; every number is another passenger."""
    row = dict.fromkeys(RAW_SCHEMA.names)
    row |= {
        "survived": "0",
        "pclass": "3",
        "sex": "male",
        "age": "22",
        "sibsp": "1",
        "parch": "0",
        "fare": "7.25",
        "embarked": "S",
        "name": f"Braund, Mr. Owen {number}",
        "ticket": f"A/5 {number}",
        "source": "list.csv",
        "source_digest": "d1",
        "source_line": number + 1,
    }
    return row | changes


def batch_of(rows: Iterable[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=RAW_SCHEMA)


def read_raw(path: Path) -> list[Row]:
    """A well-formed CSV list as raw rows."""
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        columns = read_header(list(reader.fieldnames or [])).columns
        return [
            a_row(
                number,
                **{column: line[name] or None for name, column in columns.items()},
                source=path.name,
            )
            for number, line in enumerate(reader, start=1)
        ]


def judge_in(
    folder: Path,
    rows: Iterable[Row],
    *,
    policy: Policy | None = None,
    chunk_rows: int = 1000,
    cut: int = 0,
) -> Judged:
    whole = batch_of(rows)
    batches = [whole.slice(0, cut), whole.slice(cut)] if cut else [whole]
    kept, quarantined = folder / "kept.parquet", folder / "quarantined.parquet"
    kept.unlink(missing_ok=True)
    verdict = validate(batches, kept, quarantined, policy, chunk_rows=chunk_rows)
    return Judged(
        verdict,
        pq.read_table(kept).to_pylist() if kept.exists() else [],
        pq.read_table(quarantined).to_pylist(),
    )


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Judged]:
    return partial(judge_in, tmp_path)


@pytest.fixture(scope="module")
def judge_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Judged]:
    """For a list that many tests look at."""
    return partial(judge_in, tmp_path_factory.mktemp("judged"))


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    return a_row


@pytest.fixture
def batch() -> Callable[[Iterable[Row]], pa.RecordBatch]:
    return batch_of


@pytest.fixture(scope="session")
def titanic3() -> list[Row]:
    return read_raw(PACKAGED_LIST)


@pytest.fixture(scope="session")
def lenient() -> Policy:
    """A policy under which one bad row among few does not refuse the list."""
    return Policy(bad_share_limit=0.99)
