"""The whole suite: every rule in order, its digest, and its words for the docs."""

import json
from dataclasses import asdict
from hashlib import sha256

from expectations.batch_rules import Policy, batch_rules
from expectations.row_rules import JUDGED_FIELDS, list_rules, row_rules, table_rules
from expectations.rule import Rule

__all__ = ["Policy", "all_rules", "describe_suite", "rules_digest"]

# Raised when texts are read differently (`reading`), so that a refused file gets another chance.
READING_VERSION = 1


def all_rules(policy: Policy) -> tuple[Rule, ...]:
    """Every rule, in the order in which they are judged."""
    return (*table_rules(), *row_rules(), *list_rules(), *batch_rules(policy))


def rules_digest(policy: Policy) -> str:
    """Changes when, and only when, a list could be judged differently.

    It covers the contract, every expectation with its limits, and how texts are read.
    """
    definition = {
        "reading": READING_VERSION,
        "contract": [asdict(field) for field in JUDGED_FIELDS],
        "rules": [[rule.name, rule.configuration] for rule in all_rules(policy)],
    }
    return sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()


def describe_suite(policy: Policy | None = None) -> str:
    """The suite as a Markdown table, for the docs."""
    lines = ["| rule | expectation | if broken |", "|---|---|---|"]
    consequence = {
        "table": "nothing is judged",
        "row": "row to quarantine",
        "list": "later row to quarantine",
        "batch": "source refused",
    }
    for rule in all_rules(policy or Policy()):
        after = consequence[rule.scope] if rule.refuses else "warning"
        lines.append(f"| `{rule.name}` | {rule.words} | {after} |")
    return "\n".join(lines) + "\n"
