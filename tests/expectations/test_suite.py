"""The suite follows the contract, has a digest, and speaks for itself."""

import subprocess
import sys

import pandas as pd
import pytest

from expectations.batch_rules import Policy
from expectations.judging import Judge, RuleCannotRun
from expectations.row_rules import field_rules, table_rules
from expectations.suite import all_rules, describe_suite, rules_digest
from titanic_model.contract import FIELD_NAMES


def test_every_field_of_the_contract_is_judged():
    names = [rule.name for rule in field_rules()]
    for field in FIELD_NAMES:
        assert any(name.startswith(f"{field}_") for name in names)


def test_every_rule_has_a_name_and_words_of_its_own():
    rules = all_rules(Policy())
    assert len({rule.name for rule in rules}) == len({rule.words for rule in rules}) == len(rules)


def test_only_the_share_of_bad_rows_and_an_empty_source_refuse_it():
    refusing = {r.name for r in all_rules(Policy()) if r.scope == "batch" and r.refuses}
    assert refusing == {"row_count", "valid_rows", "bad_share"}


def test_the_digest_is_the_same_in_every_process():
    code = (
        "from expectations.suite import rules_digest\n"
        "from expectations.batch_rules import Policy\n"
        "print(rules_digest(Policy()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == rules_digest(Policy())


def test_another_limit_is_another_digest():
    assert rules_digest(Policy()) != rules_digest(Policy(bad_share_limit=0.06))


def test_the_suite_is_documented_rule_by_rule():
    table = describe_suite()
    for rule in all_rules(Policy()):
        assert f"| `{rule.name}` | {rule.words} |" in table
    assert "| `bad_share` | at most 5% of a source's rows are bad | source refused |" in table
    assert "| `small_child_alone` | a child below 5 travels with a parent | warning |" in table


def test_a_rule_that_cannot_run_is_neither_passed_nor_failed():
    with pytest.raises(RuleCannotRun, match="could not be evaluated"):
        Judge().broken(field_rules(), pd.DataFrame({"nothing": [1, 2]}))


def test_the_schema_rule_names_no_rows():
    broken = Judge().broken(table_rules(), pd.DataFrame(columns=["a", "b"]))
    assert {name: len(rows) for name, rows in broken.items()} == {"schema": 0}
