"""How old each asset may be: Dagster's daemon judges it, and the alert sensor tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import dagster as dg

# What is made every Monday may be a day late; of what is made every six hours, one may be missed.
MAY_BE_OLD: Mapping[str, timedelta] = {
    "validated_passengers": timedelta(days=8),
    "prediction_events": timedelta(hours=13),
    "drift_report": timedelta(hours=13),
}


def with_freshness(assets: Iterable[object]) -> list[dg.AssetsDefinition]:
    """The assets, those named above with a policy."""
    made = [each for each in assets if isinstance(each, dg.AssetsDefinition)]
    return [each.map_asset_specs(_with_policy) for each in made]


def stale_assets(instance: dg.DagsterInstance) -> Mapping[str, float]:
    """Those that are too old by the daemon's last word, each with the hours it may be old."""
    from dagster._core.definitions.freshness import FreshnessState

    keys = [dg.AssetKey(name) for name in MAY_BE_OLD]
    return {
        key.to_user_string(): MAY_BE_OLD[key.to_user_string()].total_seconds() / 3600
        for key, record in instance.get_freshness_state_records(keys).items()
        if record.freshness_state is FreshnessState.FAIL
    }


def _with_policy(spec: dg.AssetSpec) -> dg.AssetSpec:
    allowed = MAY_BE_OLD.get(spec.key.to_user_string())
    if allowed is None:
        return spec
    policy = dg.FreshnessPolicy.time_window(fail_window=allowed)
    return spec.replace_attributes(freshness_policy=policy)
