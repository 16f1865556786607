"""A rule: one expectation, its name in the quarantine table, and its words."""

from dataclasses import dataclass
from typing import Any, Literal

from great_expectations.expectations.expectation import Expectation

# What a rule looks at: the table's columns, one row, all rows together, one source as a whole.
Scope = Literal["table", "row", "list", "batch"]


@dataclass(frozen=True)
class Rule:
    """One expectation and how to speak of it.

    `wrong` says what is wrong with one row or source; the columns looked at stand in braces.
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
    def columns(self) -> set[str]:
        """The columns of a frame that the expectation reads."""
        condition = getattr(self.expectation, "row_condition", None)
        own = {str(self.expectation.column)} if hasattr(self.expectation, "column") else set()
        return own | ({str(condition.column.name)} if condition else set())

    @property
    def configuration(self) -> dict[str, Any]:
        """The expectation as Great Expectations writes it down."""
        return dict(self.expectation.configuration.to_json_dict())


def rule(
    name: str, scope: Scope, words: str, wrong: str, kind: type[Expectation], **arguments: Any
) -> Rule:
    """A rule whose expectation knows the rule's name, by which results find back to it."""
    return Rule(name, scope, words, wrong, kind(meta={"rule": name}, **arguments))
