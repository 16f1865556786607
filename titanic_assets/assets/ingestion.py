"""Ingestion: passengers as they came, and as they passed."""

from collections.abc import Iterator

import dagster as dg

from titanic_assets.assets import DATA_TEAM, GRAPH_POOL
from titanic_assets.metadata import as_table, describe_table
from titanic_assets.pictures import as_markdown
from titanic_assets.settings import Settings
from titanic_assets.sources.raw import read_sources
from titanic_assets.tables import Table
from titanic_assets.tracking.mlflow_run import MlflowRun
from titanic_assets.validation import validating

LOOK_RAW = ["source", "source_line", "survived", "pclass", "sex", "age", "fare", "embarked"]
LOOK_VALID = ["passenger_id", "survived", "pclass", "sex", "age", "fare", "embarked", "name"]
LOOK_REFUSED = ["source", "source_line", "reasons", "name", "sex", "age", "fare"]


@dg.asset(
    group_name="ingestion",
    pool=GRAPH_POOL,
    owners=[DATA_TEAM],
    kinds={"table", "parquet"},
    # Read as one of the lists, where there are any: a run without them waits for nothing.
    deps=["labelled_passengers"],
    check_specs=[
        dg.AssetCheckSpec(
            "every_list_was_read",
            asset="raw_passengers",
            description="No list was left out: neither refused earlier nor still being written.",
        )
    ],
)
def raw_passengers(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.Output[Table] | dg.AssetCheckResult]:
    """Every passenger list of the configured source and the landing folder, as it came.

    After them come passengers whose outcome was reported to the service. All values are text, and
    each row keeps the list it is from, that list's digest and its line.
    """
    report = read_sources(
        settings, validating.staging(context, settings), validating.rules(settings)
    )
    lists = as_table(
        ["list", "rows", "digest", "left out because"],
        [[b.name, b.rows, b.digest[:12], b.skipped] for b in report.batches],
    )
    yield dg.Output(
        report.table,
        metadata={
            **describe_table(report.table, LOOK_RAW),
            "lists": dg.MetadataValue.md(lists),
            "fingerprint": report.fingerprint,
            "lines that could not be read": sum(b.unreadable_lines for b in report.read),
            "columns without a use": ", ".join({c for b in report.read for c in b.ignored_columns})
            or "none",
            "missing values": dg.MetadataValue.md(
                as_markdown(
                    validating.picture_missing(report.table, raw=True), "missing values by column"
                )
            ),
        },
    )
    # A copy of a list that was read leaves nothing out.
    contents = {b.digest for b in report.read}
    left_out = [f"{b.name}: {b.skipped}" for b in report.skipped if b.digest not in contents]
    left_out += [f"{name}: still being written" for name in report.unsettled]
    yield dg.AssetCheckResult(
        check_name="every_list_was_read",
        passed=not left_out,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(left_out) or "Every list was read.",
    )


@dg.multi_asset(
    name="validation",
    group_name="ingestion",
    pool=GRAPH_POOL,
    outs={
        "quarantined_passengers": dg.AssetOut(
            is_required=False,
            owners=[DATA_TEAM],
            kinds={"table", "parquet", "greatexpectations"},
            description="Rows that are not used, as they came, each with the expectations that "
            "refused it and the reasons in words. Those of a list that is refused as a whole are "
            "also kept in quarantine/refused/, for the next run goes without that list.",
        ),
        "validated_passengers": dg.AssetOut(
            is_required=False,
            owners=[DATA_TEAM],
            kinds={"table", "parquet", "greatexpectations"},
            description="Passengers that keep the contract, each once, in the contract's types. "
            "When a list has too many bad rows it is refused, this asset fails, and everything "
            "downstream stays on the last good value.",
        ),
    },
    check_specs=[
        dg.AssetCheckSpec(
            "rows_in_are_rows_kept_and_quarantined",
            asset="validated_passengers",
            description="Nothing is dropped silently.",
        ),
        dg.AssetCheckSpec(
            "no_list_is_refused",
            asset="validated_passengers",
            description="In every list the share of bad rows is below BAD_SHARE_LIMIT.",
        ),
        dg.AssetCheckSpec(
            "nothing_looks_unusual",
            asset="validated_passengers",
            description="Missing shares, survivors and repeats are what one expects of a list.",
        ),
    ],
)
def validation(
    context: dg.AssetExecutionContext,
    raw_passengers: Table,
    settings: dg.ResourceParam[Settings],
    mlflow_run: MlflowRun,
) -> Iterator[dg.Output[Table] | dg.AssetCheckResult]:
    """Judge every row by the expectations; refuse a list with too many bad rows as a whole."""
    judged = validating.judge(context, raw_passengers, settings)
    validating.remember_refusals(judged, settings)
    verdict = judged.verdict
    # Counted on what was written, now: a table is moved away as soon as it is handed over.
    quarantined = judged.quarantined.rows
    kept = judged.validated.rows if verdict.accepted else verdict.rows_kept
    context.log.info(verdict.message)
    mlflow_run.log_files({validating.PAGE: judged.page.encode()})
    report: dict[str, dg.MetadataValue | str] = {
        "report": dg.MetadataValue.url(mlflow_run.artifact_url(validating.PAGE)),
        "verdict": verdict.message,
    }
    yield dg.Output(
        judged.quarantined,
        "quarantined_passengers",
        metadata={
            **describe_table(judged.quarantined, LOOK_REFUSED),
            **report,
            "refused by rule": dg.MetadataValue.md(
                as_table(["rule", "rows"], verdict.broken_by_rule.items())
            ),
        },
    )
    yield dg.AssetCheckResult(
        asset_key="validated_passengers",
        check_name="rows_in_are_rows_kept_and_quarantined",
        passed=raw_passengers.rows == kept + quarantined,
        metadata={
            "rows in": raw_passengers.rows,
            "rows kept": kept,
            "rows quarantined": quarantined,
        },
    )
    yield dg.AssetCheckResult(
        asset_key="validated_passengers",
        check_name="nothing_looks_unusual",
        passed=not verdict.warnings,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(verdict.warnings) or "Nothing does.",
    )
    yield dg.AssetCheckResult(
        asset_key="validated_passengers",
        check_name="no_list_is_refused",
        passed=verdict.accepted,
        description=verdict.message,
        metadata=report,
    )
    if not verdict.accepted:
        raise dg.Failure(verdict.message, metadata=report, allow_retries=False)
    yield dg.Output(
        judged.validated,
        "validated_passengers",
        metadata={
            **describe_table(judged.validated, LOOK_VALID),
            **report,
            "pictures": mlflow_run.show(
                {
                    "before and after": validating.picture_before_and_after(
                        raw_passengers, judged.validated
                    ),
                    "missing values": validating.picture_missing(judged.validated),
                }
            ),
        },
    )
