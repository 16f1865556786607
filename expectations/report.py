"""The page that shows a verdict: opens offline, on a phone too, in light and in dark."""

from datetime import datetime
from pathlib import Path

import jinja2

from expectations.verdict import BatchProfile, RuleResult, Verdict

_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_SHOWN = 100  # sources and warnings; with more of them a page no longer helps
_SEVERITY = {"refused": 0, "warned": 1, "passed": 2}
_WORDS = {
    "passed": "✓ passed",
    "warned": "! warning",
    "refused": "✗ refused",
    "aside": "quarantine",
}
_SCOPES = {"table": "table", "row": "row", "list": "passenger", "batch": "source"}


def render_report(verdict: Verdict, made_at: datetime | None = None) -> str:
    """The verdict as one HTML page that needs nothing beside itself."""
    page = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    page.filters |= {"count": _count, "share": _share}
    return page.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        verdict=verdict,
        made_at=made_at,
        state=_state(verdict),
        batches=sorted(verdict.batches, key=lambda b: _SEVERITY[_batch_state(b)])[:_SHOWN],
        broken=sorted(
            (result for result in verdict.results if result.broken),
            key=lambda result: (_SEVERITY[result.state], -result.broken),
        ),
        held=[result for result in verdict.results if not result.broken],
        batch_state=_batch_state,
        outcome=_outcome,
        words=_WORDS,
        scopes=_SCOPES,
        shown=_SHOWN,
    )


def _state(verdict: Verdict) -> str:
    if not verdict.accepted:
        return "refused"
    return "warned" if verdict.warnings else "passed"


def _batch_state(batch: BatchProfile) -> str:
    if batch.refused:
        return "refused"
    return "warned" if batch.warnings else "passed"


def _outcome(result: RuleResult) -> str:
    """A broken rule about rows puts rows aside; only one about a source refuses that source."""
    return "aside" if result.state == "refused" and result.scope != "batch" else result.state


def _count(number: int) -> str:
    return f"{number:,}"


def _share(part: float) -> str:
    """A share in per cent, with digits where they matter: never 0 % for what is not nothing."""
    if 0 < part < 0.0005:
        return "<0.1%"
    return f"{part:.1%}".replace(".0%", "%")
