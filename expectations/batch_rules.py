"""What is expected of a source as a whole: the limits, and the rules on its profile.

The profile table, one row per source, is made by `tally`.
"""

from dataclasses import dataclass
from functools import cache

from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween as Between,
)
from great_expectations.expectations.row_conditions import Column

from expectations.rule import Rule, rule
from titanic_model.contract import FIELDS


@dataclass(frozen=True)
class Policy:
    """How much is let pass. Only the share of bad rows refuses a batch, the others warn."""

    bad_share_limit: float = 0.05
    duplicate_share_limit: float = 0.5
    missing_share_limit: float = 0.5
    label_mean_low: float = 0.1
    label_mean_high: float = 0.9
    # Below so many rows the survivors of a batch may be none or all by chance.
    label_mean_from_rows: int = 30
    # Lists whose rows come one by one, from many people: bad ones say nothing about the others.
    never_refused: frozenset[str] = frozenset()


def missing(name: str) -> str:
    """The profile's column with the share of a batch's rows that lack a field."""
    return f"{name}_missing_share"


def _percent(share: float) -> str:
    """A limit in per cent, with as many digits as it has."""
    return f"{share * 100:g}%"


@cache
def batch_rules(policy: Policy) -> tuple[Rule, ...]:
    """What is expected of the profile of one batch, that is one source file or table."""
    limit = policy.bad_share_limit
    return (
        rule(
            "row_count", "batch", "a source has at least one row", "it has no row",
            Between, column="rows", min_value=1,
        ),
        rule(
            "valid_rows", "batch", "a source has at least one valid row", "no row of it is valid",
            Between, column="valid_rows", min_value=1,
        ),
        rule(
            "bad_share", "batch", f"at most {_percent(limit)} of a source's rows are bad",
            f"{{bad:,}} of its {{rows:,}} rows are bad ({{bad_share:.1%}}), "
            f"allowed are {_percent(limit)}",
            Between, column="bad_share", min_value=0, max_value=limit,
        ),
        rule(
            "duplicate_share", "batch",
            f"at most {_percent(policy.duplicate_share_limit)} of a source's rows repeat known "
            "passengers",
            "{duplicates:,} of its {rows:,} rows repeat known passengers ({duplicate_share:.0%})",
            Between, column="duplicate_share", min_value=0,
            max_value=policy.duplicate_share_limit, severity="warning",
        ),
        rule(
            "label_mean", "batch",
            f"{_percent(policy.label_mean_low)} to {_percent(policy.label_mean_high)} of a "
            f"source's passengers survived (from {policy.label_mean_from_rows} rows)",
            "{label_mean:.0%} of its passengers survived",
            Between, column="label_mean", min_value=policy.label_mean_low,
            max_value=policy.label_mean_high, severity="warning",
            row_condition=Column("rows") >= policy.label_mean_from_rows,
        ),
        *(
            rule(
                f"{field.name}_missing", "batch",
                f"{field.name} is missing in at most {_percent(policy.missing_share_limit)} of a "
                "source's rows",
                f"{field.name} is missing in {{{missing(field.name)}:.0%}} of its rows",
                Between, column=missing(field.name), min_value=0,
                max_value=policy.missing_share_limit, severity="warning",
            )
            # Clients often have no name, ticket or cabin, and most cabins were never known.
            for field in FIELDS if field.kind != "text" and not field.required
        ),
    )  # fmt: skip
