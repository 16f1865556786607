"""Running expectations on a frame with Great Expectations, in memory and with nothing on disk."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context.types.base import ProgressBarsConfig
from numpy.typing import NDArray

from expectations.rule import Rule

_WHICH_ROWS: dict[str, Any] = {
    "result_format": "COMPLETE",
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
}


class RuleCannotRun(RuntimeError):
    """An expectation could not be evaluated, which is neither a pass nor a failure."""


@contextmanager
def _leaving_nothing() -> Iterator[None]:
    """Clear away at once what is left in memory after this.

    Great Expectations catches errors in a way that keeps them in cycles, and with them every frame
    down to ours, chunk of the list included. Left to itself Python looks for such cycles so rarely
    that five million passengers cost a gigabyte more. What is young is quickly looked through.
    """
    was_enabled = gc.isenabled()
    gc.disable()  # so that nothing grows old meanwhile
    try:
        yield
    finally:
        gc.collect(0)
        if was_enabled:
            gc.enable()


class Judge:
    """Runs rules on frames."""

    def __init__(self) -> None:
        """Set up Great Expectations with nothing but memory behind it."""
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_pandas("passengers")
        asset = source.add_dataframe_asset("rows")
        self._definition = asset.add_batch_definition_whole_dataframe("all")

    @_leaving_nothing()
    def broken(self, rules: Sequence[Rule], frame: pd.DataFrame) -> dict[str, NDArray[np.intp]]:
        """The rules that the frame breaks, each with the positions of the rows that break it.

        Which rows is asked only about rules that are broken at all, because it costs twice as
        much. A rule about the table as a whole has no rows.
        """
        columns = set().union(*(rule.columns for rule in rules))
        if columns:
            # Great Expectations copies what it is given for every expectation.
            frame = frame[[name for name in frame.columns if name in columns]]
        batch = self._definition.get_batch({"dataframe": frame})

        def results(rules: Iterable[Rule], result_format: Any) -> list[ExpectationValidationResult]:
            suite = gx.ExpectationSuite(name="rules", expectations=[r.expectation for r in rules])
            outcome: ExpectationSuiteValidationResult = batch.validate(
                suite, result_format=result_format
            )
            found: list[ExpectationValidationResult] = outcome.results
            return found

        failed = {_name(result) for result in results(rules, "BOOLEAN_ONLY") if not result.success}
        if not failed:
            return {}
        again = results([rule for rule in rules if rule.name in failed], _WHICH_ROWS)
        return {_name(result): _rows(result) for result in again}


def _name(result: ExpectationValidationResult) -> str:
    """The rule a result belongs to."""
    configuration = result.expectation_config
    if configuration is None or configuration.meta is None:
        raise RuleCannotRun(f"a result that belongs to no rule: {result}")
    return str(configuration.meta["rule"])


def _rows(result: ExpectationValidationResult) -> NDArray[np.intp]:
    """The rows that a failed result names."""
    if _raised(result.exception_info):
        raise RuleCannotRun(
            f"rule {_name(result)!r} could not be evaluated, so nothing was judged. This is a "
            f"fault in the suite or in Great Expectations: {result.exception_info}"
        )
    return np.asarray(result.result.get("unexpected_index_list", []), dtype=np.intp)


def _raised(info: Any) -> bool:
    """Whether exception information, flat or nested by metric, tells of an exception."""
    if not isinstance(info, dict):
        return False
    return bool(info.get("raised_exception")) or any(map(_raised, info.values()))
