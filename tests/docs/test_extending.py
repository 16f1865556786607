"""The patches of docs/extending.md are applied to a copy of the project and tried there."""

import shutil
import subprocess
import sys

import pytest

from tests.docs.pages import PAGES
from titanic_assets.settings import CHECKOUT

FAMILY, EXPECTATION, FEATURE = PAGES["docs/extending.md"].blocks("diff")


@pytest.fixture
def patched(tmp_path):
    """A copy of the lower floors, with a patch applied, in which Python can be run."""
    for package in ("titanic_model", "expectations", "tests/model"):
        shutil.copytree(
            CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)

    def patch(text):
        subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
        apply = ["git", "apply", "--whitespace=error", "-"]
        subprocess.run(apply, cwd=tmp_path, input=text, text=True, check=True)
        return run

    def run(code):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.split()

    return patch


def test_the_new_family_is_drawn_and_taken_in_by_the_tests_of_families(patched):
    run = patched(FAMILY)

    drawn = """
from titanic_model.search import Budget, propose
print("extra_trees" in {each.family for each in propose(Budget(trials=60))})
"""
    assert run(drawn) == ["True"]
    tests = """
import sys, pytest
asked = ["tests/model/test_families.py", "-k", "extra_trees", "-q", "-p", "no:cacheprovider"]
sys.exit(pytest.main(asked))
"""
    assert {"3", "passed,"} <= set(run(tests))


def test_the_new_expectation_refuses_a_row_and_none_of_the_packaged_list(patched):
    run = patched(EXPECTATION)

    code = """
import csv
from pathlib import Path
import pyarrow as pa
from expectations.suite import describe_suite, rules_digest
from expectations.batch_rules import Policy
from expectations.validation import validate
from titanic_model.schemas import PACKAGED_LIST, RAW_SCHEMA

with PACKAGED_LIST.open(newline="") as file:
    rows = [{k: v or None for k, v in row.items()} for row in csv.DictReader(file)]
rows.append({**rows[-1], "name": "Rich, Mr. Very", "fare": "101"})
for line, row in enumerate(rows, 2):
    row |= {"source": "a", "source_digest": "d", "source_line": line}
raw = pa.RecordBatch.from_pylist(rows, schema=RAW_SCHEMA)
verdict = validate([raw], Path("good.parquet"), Path("bad.parquet"))
print(verdict.rows_kept, *verdict.broken_by_rule, "fare_of_third_class" in describe_suite())
print(rules_digest(Policy()))
"""
    from expectations.batch_rules import Policy
    from expectations.suite import rules_digest

    kept, rule, described, digest = run(code)
    assert (kept, rule, described) == ("1309", "fare_of_third_class", "True")
    assert digest != rules_digest(Policy()), "refused lists would not be judged again"


def test_the_new_feature_is_the_same_for_one_and_for_many(patched):
    run = patched(FEATURE)

    code = """
import numpy as np
from titanic_model.features import FEATURE_VERSION, FEATURES, derive_columns, derive_row

one = {"pclass": 3, "sex": "male", "age": 22.0, "sibsp": 1, "parch": 0, "fare": 7.25}
row = derive_row(one)
many = derive_columns({name: np.array([value]) for name, value in one.items()})
np.testing.assert_array_equal(row, many[0])
print(FEATURE_VERSION, row[FEATURES.index("age_squared")], row[FEATURES.index("embarked_c")])
"""
    from titanic_model.features import FEATURE_VERSION

    assert run(code) == [str(FEATURE_VERSION + 1), "484.0", "0.0"]
