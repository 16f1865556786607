"""The expectations, derived from the passenger contract: for rows, for batches, for the whole.

A `Rule` pairs a Great Expectations expectation with its name and its words. Column names, ranges
and sets come from `titanic_model.contract`; what is added here is only what holds between fields,
and what makes a whole batch look wrong. The frames the expectations run on are made by `reading`
and `tally`.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from typing import Any, Literal

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.row_conditions import Column

from titanic_model.contract import FIELDS, LABEL, ContractField
from titanic_model.schemas import RAW_SCHEMA

Scope = Literal["table", "row", "list", "batch"]

# Raised when texts are read differently (`reading`), so that a refused file gets another chance.
READING_VERSION = 1

LABEL_FIELD = ContractField(
    name=LABEL,
    kind="integer",
    required=True,
    optional=False,
    default=None,
    low=0.0,
    high=1.0,
    allowed=(),
    max_length=None,
    explanation="1 survived, 0 did not.",
)
JUDGED_FIELDS: tuple[ContractField, ...] = (LABEL_FIELD, *FIELDS)
NUMBERS = tuple(field for field in JUDGED_FIELDS if field.kind in ("integer", "number"))
CATEGORIES = tuple(field for field in JUDGED_FIELDS if field.kind == "category")
TEXTS = tuple(field for field in JUDGED_FIELDS if field.kind == "text")

LINE_READABLE = "line_readable"
TITLE = "title"
PASSENGER_KEY = "passenger_key"

UNREADABLE_LINE = "readable_line"
UNIQUE_PASSENGER = "unique_passenger"

# A boy was Master until he was grown up; the eldest in the public list is 14.
_GROWN_UP = 21
# From twelve a girl could lawfully marry in England in 1912; the youngest wife in the list is 14.
_MARRIAGEABLE = 12
_SMALL_CHILD = 5


def readable(name: str) -> str:
    """The frame's column that is 1 where the field's text can be read as its type."""
    return f"{name}_readable"


def length(name: str) -> str:
    """The frame's column with the number of characters of a text field."""
    return f"{name}_length"


def missing(name: str) -> str:
    """The profile's column with the share of a batch's rows that lack a field."""
    return f"{name}_missing_share"


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


@dataclass(frozen=True)
class Rule:
    """One expectation, its name in the quarantine table, and its words.

    `wrong` says what is wrong with one row; raw columns stand in it in braces.
    """

    name: str
    scope: Scope
    words: str
    wrong: str
    expectation: Expectation

    @property
    def refuses(self) -> bool:
        """Whether breaking it refuses the row or the batch; otherwise it is a warning."""
        return str(self.expectation.severity.value) == "critical"

    @property
    def configuration(self) -> dict[str, Any]:
        """The expectation as Great Expectations writes it down."""
        return dict(self.expectation.configuration.to_json_dict())


def _rule(
    name: str, scope: Scope, words: str, wrong: str, kind: type[Expectation], **arguments: Any
) -> Rule:
    return Rule(name, scope, words, wrong, kind(meta={"rule": name}, **arguments))


def _field_rules(field: ContractField) -> Iterator[Rule]:
    """What one field of the contract demands of a row."""
    name, allowed = field.name, field.allowed_text
    wrong = f"{name}: {{{name}}} is not {allowed}"
    if field.required:
        yield _rule(
            f"{name}_known", "row", f"{name} is there", f"{name}: missing, needed is {allowed}",
            gxe.ExpectColumnValuesToNotBeNull, column=name,
        )  # fmt: skip
    if field in NUMBERS:
        noun = "a whole number" if field.kind == "integer" else "a number"
        yield _rule(
            f"{name}_type", "row", f"{name} can be read as {noun}", wrong,
            gxe.ExpectColumnValuesToBeInSet, column=readable(name), value_set=[1],
        )  # fmt: skip
        yield _rule(
            f"{name}_range", "row", f"{name} is {allowed}", wrong,
            gxe.ExpectColumnValuesToBeBetween,
            column=name, min_value=field.low, max_value=field.high,
        )  # fmt: skip
    elif field in CATEGORIES:
        yield _rule(
            f"{name}_set", "row", f"{name} is {allowed}", wrong,
            gxe.ExpectColumnValuesToBeInSet, column=name, value_set=list(field.allowed),
        )  # fmt: skip
    else:
        yield _rule(
            f"{name}_length", "row", f"{name} is {allowed}",
            f"{name}: longer than {field.max_length} characters, {{{name}}}",
            gxe.ExpectColumnValuesToBeBetween,
            column=length(name), min_value=0, max_value=field.max_length,
        )  # fmt: skip


def _rules_between_fields() -> Iterator[Rule]:
    """What holds between the fields of one row. All 1,309 of the public list obey."""
    for sex, titles in (("male", ("Mr", "Master")), ("female", ("Mrs", "Miss"))):
        yield _rule(
            f"title_of_{sex}", "row", f"who is called {' or '.join(titles)} is {sex}",
            "sex: {sex} does not go with the title in {name}",
            gxe.ExpectColumnValuesToBeInSet, column="sex", value_set=[sex],
            row_condition=Column(TITLE).is_in(titles),
        )  # fmt: skip
    yield _rule(
        "age_of_master", "row", f"a Master is younger than {_GROWN_UP}",
        "age: {age} does not go with the title in {name}",
        gxe.ExpectColumnValuesToBeBetween, column="age", max_value=_GROWN_UP, strict_max=True,
        row_condition=Column(TITLE) == "Master",
    )  # fmt: skip
    yield _rule(
        "age_of_wife", "row", f"a Mrs is at least {_MARRIAGEABLE}",
        "age: {age} does not go with the title in {name}",
        gxe.ExpectColumnValuesToBeBetween, column="age", min_value=_MARRIAGEABLE,
        row_condition=Column(TITLE) == "Mrs",
    )  # fmt: skip
    yield _rule(
        "small_child_alone", "row", f"a child below {_SMALL_CHILD} travels with a parent",
        "parch: {parch} parents with a child of {age} years",
        gxe.ExpectColumnValuesToBeBetween, column="parch", min_value=1,
        row_condition=Column("age") < _SMALL_CHILD, severity="warning",
    )  # fmt: skip


@cache
def table_rules() -> tuple[Rule, ...]:
    """What is expected of the raw table before any row of it is looked at."""
    return (
        _rule(
            "schema", "table", "the raw table has the columns of a passenger list, and no others",
            "its columns are not those of a raw passenger table",
            gxe.ExpectTableColumnsToMatchSet, column_set=list(RAW_SCHEMA.names), exact_match=True,
        ),
    )  # fmt: skip


@cache
def row_rules() -> tuple[Rule, ...]:
    """What is expected of each row by itself."""
    return (
        _rule(
            UNREADABLE_LINE, "row", "the line can be split into the columns of the header",
            "the line cannot be split into the columns of the header: {unreadable}",
            gxe.ExpectColumnValuesToBeInSet, column=LINE_READABLE, value_set=[1],
        ),
        *(rule for field in JUDGED_FIELDS for rule in _field_rules(field)),
        *_rules_between_fields(),
    )  # fmt: skip


@cache
def list_rules() -> tuple[Rule, ...]:
    """What is expected of all rows together; Great Expectations sees one chunk at a time only."""
    return (
        _rule(
            UNIQUE_PASSENGER, "list", "a passenger (same name and ticket) is listed once",
            "", gxe.ExpectColumnValuesToBeUnique, column=PASSENGER_KEY,
        ),
    )  # fmt: skip


@cache
def batch_rules(policy: Policy) -> tuple[Rule, ...]:
    """What is expected of the profile of one batch, that is one source file or table."""
    between = gxe.ExpectColumnValuesToBeBetween
    limit = policy.bad_share_limit
    return (
        _rule(
            "row_count", "batch", "a batch has at least one row", "it has no row",
            between, column="rows", min_value=1,
        ),
        _rule(
            "valid_rows", "batch", "a batch has at least one valid row", "no row of it is valid",
            between, column="valid_rows", min_value=1,
        ),
        _rule(
            "bad_share", "batch", f"at most {limit:.2%} of a batch's rows are bad",
            f"{{bad:,}} of its {{rows:,}} rows are bad ({{bad_share:.1%}}), allowed are {limit:.1%}",
            between, column="bad_share", min_value=0, max_value=limit,
        ),
        _rule(
            "duplicate_share", "batch",
            f"at most {policy.duplicate_share_limit:.0%} of a batch's rows repeat known passengers",
            "{duplicates:,} of its {rows:,} rows repeat known passengers ({duplicate_share:.0%})",
            between, column="duplicate_share", min_value=0,
            max_value=policy.duplicate_share_limit, severity="warning",
        ),
        _rule(
            "label_mean", "batch",
            f"{policy.label_mean_low:.0%} to {policy.label_mean_high:.0%} of a batch survived "
            f"(from {policy.label_mean_from_rows} rows)",
            "{label_mean:.0%} of its passengers survived",
            between, column="label_mean", min_value=policy.label_mean_low,
            max_value=policy.label_mean_high, severity="warning",
            row_condition=Column("rows") >= policy.label_mean_from_rows,
        ),
        *(
            _rule(
                f"{field.name}_missing", "batch",
                f"{field.name} is missing in at most {policy.missing_share_limit:.0%} of a batch",
                f"{field.name} is missing in {{{missing(field.name)}:.0%}} of its rows",
                between, column=missing(field.name), min_value=0,
                max_value=policy.missing_share_limit, severity="warning",
            )
            # Clients often have no name, ticket or cabin, and most cabins were never known.
            for field in FIELDS if field.kind != "text"
        ),
    )  # fmt: skip


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
    lines = ["| rule | judged on | expectation | if broken |", "|---|---|---|---|"]
    consequence = {
        "table": "nothing is read",
        "row": "row to quarantine",
        "list": "later row to quarantine",
        "batch": "batch refused",
    }
    for rule in all_rules(policy or Policy()):
        after = consequence[rule.scope] if rule.refuses else "warning"
        lines.append(f"| `{rule.name}` | {rule.scope} | {rule.words} | {after} |")
    return "\n".join(lines) + "\n"
