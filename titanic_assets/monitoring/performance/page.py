"""The performance report as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from titanic_assets.monitoring.page import render

if TYPE_CHECKING:
    from titanic_assets.monitoring.performance.report import PerformanceReport
    from titanic_model.outcomes import PromisePolicy

_TONES = {"as_promised": "good", "too_few": "warn", "worse": "bad", "miscalibrated": "bad"}
_WORDS = {
    "as_promised": "✓ As good as promised",
    "too_few": "! Too few outcomes to tell",
    "worse": "✗ Worse than promised",
    "miscalibrated": "✗ Its chances do not mean what they say",
}


def render_page(
    report: PerformanceReport, policy: PromisePolicy, pictures: Mapping[str, bytes]
) -> bytes:
    """One HTML page that carries its pictures along."""
    return render(
        "performance/report.html.jinja",
        pictures,
        report=report,
        policy=policy,
        state=report.champion.kept.state if report.champion else "too_few",
        tones=_TONES,
        words=_WORDS,
        pictures_of={
            version.version: [
                name for name in pictures if name.endswith(f"of version {version.version}")
            ]
            for version in report.versions
        },
    )
