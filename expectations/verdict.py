"""What a validation found, for people, for checks and for the report."""

from dataclasses import dataclass
from typing import Literal

from expectations.batch_rules import Policy
from expectations.row_rules import UNIQUE_PASSENGER
from expectations.rule import Rule, Scope


class RowsLost(AssertionError):
    """Rows in are not rows kept plus rows quarantined: a fault of the validation itself."""


@dataclass(frozen=True)
class RuleResult:
    """How one rule fared over everything it was judged on."""

    name: str
    scope: Scope
    words: str
    refuses: bool
    judged: int
    broken: int
    expectation: str

    @classmethod
    def of(cls, rule: Rule, judged: int, broken: int) -> "RuleResult":
        """The result of a rule."""
        kind = str(rule.configuration["type"])
        return cls(rule.name, rule.scope, rule.words, rule.refuses, judged, broken, kind)

    @property
    def state(self) -> Literal["passed", "warned", "refused"]:
        """What came of it."""
        if not self.broken:
            return "passed"
        return "refused" if self.refuses else "warned"


@dataclass(frozen=True)
class BatchProfile:
    """One source file or table: what is in it and what was decided about it.

    Duplicates are good rows that say nothing new; they do not count as bad.
    """

    source: str
    digest: str
    rows: int
    bad: int
    duplicates: int
    label_mean: float | None
    missing_shares: tuple[tuple[str, float], ...]
    refused_because: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the batch as a whole is turned away."""
        return bool(self.refused_because)

    @property
    def kept(self) -> int:
        """Rows that are valid and new."""
        return self.rows - self.bad - self.duplicates

    @property
    def valid_rows(self) -> int:
        """Rows that break no rule of their own, new or not."""
        return self.rows - self.bad

    @property
    def bad_share(self) -> float:
        """The share that decides about refusal."""
        return self.bad / self.rows

    @property
    def duplicate_share(self) -> float:
        """The share of rows that repeat passengers already listed."""
        return self.duplicates / self.rows


@dataclass(frozen=True)
class RefusedRow:
    """A quarantined row, for a look."""

    source: str
    line: int
    rules: tuple[str, ...]
    reasons: str


@dataclass(frozen=True)
class Verdict:
    """The outcome of one validation."""

    rows_in: int
    rows_kept: int
    rows_quarantined: int
    batches: tuple[BatchProfile, ...]
    results: tuple[RuleResult, ...]
    sample: tuple[RefusedRow, ...]
    rules_digest: str
    policy: Policy

    def __post_init__(self) -> None:
        """Nothing may be dropped silently."""
        if self.rows_in != self.rows_kept + self.rows_quarantined:
            raise RowsLost(
                f"{self.rows_in:,} rows came in, but {self.rows_kept:,} were kept and "
                f"{self.rows_quarantined:,} quarantined; nothing of this validation can be trusted"
            )

    @property
    def refused(self) -> tuple[BatchProfile, ...]:
        """The batches that are turned away as a whole."""
        return tuple(batch for batch in self.batches if batch.refused)

    @property
    def accepted(self) -> bool:
        """Whether the kept rows may be used."""
        return bool(self.batches) and not self.refused

    @property
    def bad(self) -> int:
        """Rows that break a rule of their own."""
        return sum(batch.bad for batch in self.batches)

    @property
    def duplicates(self) -> int:
        """Good rows whose passenger is already listed."""
        return sum(batch.duplicates for batch in self.batches)

    @property
    def broken_by_rule(self) -> dict[str, int]:
        """How many rows broke each rule that refuses rows; a row can break several."""
        return {
            result.name: result.broken
            for result in self.results
            if result.broken and result.refuses and result.scope in ("row", "list")
        }

    @property
    def missing_shares(self) -> dict[str, float]:
        """The share of all rows that lack each field."""
        shares: dict[str, float] = {}
        for batch in self.batches:
            for name, share in batch.missing_shares:
                shares[name] = shares.get(name, 0.0) + share * batch.rows / self.rows_in
        return shares

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should look at although nothing was refused for it."""
        rows = tuple(
            f"{result.broken:,} of {result.judged:,} rows break the rule that {result.words}; they "
            "are kept"
            for result in self.results
            if result.state == "warned" and result.scope == "row"
        )
        return (*rows, *(f"{b.source}: {text}" for b in self.batches for text in b.warnings))

    @property
    def message(self) -> str:
        """The verdict in one paragraph."""
        if not self.batches:
            return (
                "There is not one row to validate. Check that the configured source and the "
                "landing folder hold a passenger list with rows below its header."
            )
        others = f"{self.bad:,} are bad and {self.duplicates:,} repeat passengers already listed."
        if self.accepted:
            return f"Of {self.rows_in:,} rows {self.rows_kept:,} are kept, {others}"
        refused = "; ".join(
            f"{batch.source} is refused: {', '.join(batch.refused_because)}"
            for batch in self.refused
        )
        broken = [item for item in self.broken_by_rule.items() if item[0] != UNIQUE_PASSENGER]
        most = sorted(broken, key=lambda item: -item[1])[:3]
        rules = ", ".join(f"{name} {count:,}" for name, count in most)
        return (
            f"{refused}. Rules broken most: {rules}. Of all {self.rows_in:,} rows "
            f"{self.rows_kept:,} are good, {others} Nothing of this run is used; what was "
            "validated before stays in force. Each bad row is in quarantine with its reasons: "
            "mend the list and land it again, or raise BAD_SHARE_LIMIT."
        )
