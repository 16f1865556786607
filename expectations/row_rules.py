"""What is expected of rows, derived from the passenger contract.

Column names, ranges and sets come from `titanic_model.contract`; what is added here is only what
holds between the fields of a row. The frame that the expectations run on is made by `reading`.
"""

from collections.abc import Iterator
from functools import cache

from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween as Between,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import (
    ExpectColumnValuesToBeInSet as InSet,
)
from great_expectations.expectations.core.expect_column_values_to_be_unique import (
    ExpectColumnValuesToBeUnique as Unique,
)
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull as NotNull,
)
from great_expectations.expectations.core.expect_table_columns_to_match_set import (
    ExpectTableColumnsToMatchSet as Columns,
)
from great_expectations.expectations.row_conditions import Column

from expectations.rule import Rule, rule
from titanic_model.contract import FIELDS, LABEL, ContractField
from titanic_model.schemas import RAW_SCHEMA

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


def _field_rules(field: ContractField) -> Iterator[Rule]:
    """What one field of the contract demands of a row."""
    name, allowed = field.name, field.allowed_text
    wrong = f"{name}: {{{name}}} is not {allowed}"
    if field.required:
        yield rule(
            f"{name}_known", "row", f"{name} is there", f"{name}: missing, needed is {allowed}",
            NotNull, column=name,
        )  # fmt: skip
    if field in NUMBERS:
        noun = "a whole number" if field.kind == "integer" else "a number"
        yield rule(
            f"{name}_type", "row", f"{name} can be read as {noun}", wrong,
            InSet, column=readable(name), value_set=[1],
        )  # fmt: skip
        yield rule(
            f"{name}_range", "row", f"{name} is {allowed}", wrong,
            Between,
            column=name, min_value=field.low, max_value=field.high,
        )  # fmt: skip
    elif field in CATEGORIES:
        yield rule(
            f"{name}_set", "row", f"{name} is {allowed}", wrong,
            InSet, column=name, value_set=list(field.allowed),
        )  # fmt: skip
    else:
        yield rule(
            f"{name}_length", "row", f"{name} is {allowed}",
            f"{name}: longer than {field.max_length} characters, {{{name}}}",
            Between,
            column=length(name), min_value=0, max_value=field.max_length,
        )  # fmt: skip


def _rules_between_fields() -> Iterator[Rule]:
    """What holds between the fields of one row. All 1,309 passengers of the public list obey."""
    for sex, titles in (("male", ("Mr", "Master")), ("female", ("Mrs", "Miss"))):
        yield rule(
            f"title_of_{sex}", "row", f"who is called {' or '.join(titles)} is {sex}",
            "sex: {sex} does not go with the title in {name}",
            InSet, column="sex", value_set=[sex],
            row_condition=Column(TITLE).is_in(titles),
        )  # fmt: skip
    yield rule(
        "age_of_master", "row", f"a Master is younger than {_GROWN_UP}",
        "age: {age} does not go with the title in {name}",
        Between, column="age", max_value=_GROWN_UP, strict_max=True,
        row_condition=Column(TITLE) == "Master",
    )  # fmt: skip
    yield rule(
        "age_of_wife", "row", f"a Mrs is at least {_MARRIAGEABLE}",
        "age: {age} does not go with the title in {name}",
        Between, column="age", min_value=_MARRIAGEABLE,
        row_condition=Column(TITLE) == "Mrs",
    )  # fmt: skip
    yield rule(
        "small_child_alone", "row", f"a child below {_SMALL_CHILD} travels with a parent",
        "parch: {parch} parents with a child of {age} years",
        Between, column="parch", min_value=1,
        row_condition=Column("age") < _SMALL_CHILD, severity="warning",
    )  # fmt: skip


@cache
def table_rules() -> tuple[Rule, ...]:
    """What is expected of the raw table before any row of it is looked at."""
    return (
        rule(
            "schema", "table", "the raw table has the columns of a passenger list, and no others",
            "its columns are not those of a raw passenger table",
            Columns, column_set=list(RAW_SCHEMA.names), exact_match=True,
        ),
    )  # fmt: skip


@cache
def line_rules() -> tuple[Rule, ...]:
    """What is expected of a line before its fields are looked at."""
    return (
        rule(
            "readable_line", "row", "the line can be split into the columns of the header",
            "the line cannot be split into the columns of the header: {unreadable}",
            InSet, column=LINE_READABLE, value_set=[1],
        ),
    )  # fmt: skip


@cache
def field_rules() -> tuple[Rule, ...]:
    """What is expected of each field of a row by itself."""
    return tuple(rule for field in JUDGED_FIELDS for rule in _field_rules(field))


@cache
def cross_rules() -> tuple[Rule, ...]:
    """What is expected of a row's fields together."""
    return tuple(_rules_between_fields())


def row_rules() -> tuple[Rule, ...]:
    """What is expected of each row."""
    return (*line_rules(), *field_rules(), *cross_rules())


@cache
def list_rules() -> tuple[Rule, ...]:
    """What is expected of all rows together; Great Expectations sees one chunk at a time only."""
    return (
        rule(
            UNIQUE_PASSENGER, "list", "a passenger (same name and ticket) is listed once",
            "", Unique, column=PASSENGER_KEY,
        ),
    )  # fmt: skip
