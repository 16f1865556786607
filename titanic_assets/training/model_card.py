"""The model card: what a model is for, what it was made of, how good it is and for whom.

Rendered as Markdown from plain facts. What holds for every model of this project (its purpose,
its limits) is written here; what differs from one to the next is in `ModelFacts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Figure:
    """A measured number, with its 95 % interval where there is one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        """The value, with its interval in brackets."""
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Group:
    """How the model does for some of the passengers."""

    name: str
    passengers: int
    survived: float
    predicted: float
    accuracy: Figure
    weak: bool = False


@dataclass(frozen=True)
class Variant:
    """The same figures when clients send less: e.g. without name, ticket and cabin."""

    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class ModelFacts:
    """What is to be said of one model version."""

    version: int
    created: datetime
    family: str
    imbalance: str
    parameters: tuple[tuple[str, str], ...]
    trials: int
    feature_version: int
    sources: tuple[str, ...]
    data_fingerprint: str
    training_rows: int
    held_out_rows: int
    cross_validated: tuple[Figure, ...]
    held_out: tuple[Figure, ...]
    sex_alone_accuracy: float
    groups: tuple[Group, ...]
    variants: tuple[Variant, ...]
    digest: str
    dagster_run_id: str
    mlflow_run_id: str
    code_revision: str


def render_model_card(facts: ModelFacts) -> str:
    """The card as Markdown."""
    return "\n\n".join(
        [
            f"# titanic-survival, version {facts.version}",
            _INTENDED_USE,
            _data(facts),
            _method(facts),
            _quality(facts),
            _fairness(facts),
            _inputs(facts),
            _LIMITS,
            _provenance(facts),
        ]
    )


_INTENDED_USE = """## Intended use

Estimates how likely a passenger of the Titanic was to survive, from what was known of the \
passenger before the ship sailed. It is meant for teaching, for demonstrations and for trying out \
the system around it.

**Not intended** for decisions about living people, for the safety or the insurance of any \
voyage, or as historical evidence about a single person: it repeats the pattern of one disaster, \
in which sex and class decided who was let into a boat."""

_LIMITS = """## Limits and ethical notes

- Passengers of one voyage. The crew is not among them, and no other ship is like it.
- The boat a survivor left in and the number of a body found are known only after the event; the \
model never sees them. Cabins are partly known from survivors too, and worth little to the model.
- Sex, class and age are inputs because they decided who lived. Equal error rates between women \
and men cannot be had from such data; the differences are shown above rather than hidden.
- An estimate for a passenger without name, ticket and cabin rests on less: see the figures.
- The passengers were real people. Figures about them deserve the care that names do."""


def _data(facts: ModelFacts) -> str:
    total = facts.training_rows + facts.held_out_rows
    sources = ", ".join(f"`{_plain(source)}`" for source in facts.sources)
    return f"""## Data

{total:,} passengers from {sources}, fingerprint `{facts.data_fingerprint}`. \
{facts.training_rows:,} for training; {facts.held_out_rows:,} held out, chosen by ticket so that \
families stay on one side, and never trained on."""


def _method(facts: ModelFacts) -> str:
    parameters = _table(("Parameter", "Value"), facts.parameters) if facts.parameters else ""
    return f"""## Method

{_plain(facts.family)}, the best of {facts.trials} candidates by cross-validated log loss; \
imbalance handling: {_plain(facts.imbalance)}. Features of version {facts.feature_version}. \
Served as ONNX.

{parameters}""".rstrip()


def _quality(facts: ModelFacts) -> str:
    return f"""## Quality

With 95 % intervals where they are known. For comparison: sex alone is right in \
{facts.sex_alone_accuracy:.3f} of the held-out cases.

{_figures(("cross-validated", facts.cross_validated), ("held out", facts.held_out))}"""


def _fairness(facts: ModelFacts) -> str:
    rows = [
        (
            f"**{_plain(group.name)}**" if group.weak else _plain(group.name),
            f"{group.passengers:,}",
            f"{group.survived:.2f}",
            f"{group.predicted:.2f}",
            str(group.accuracy),
        )
        for group in facts.groups
    ]
    weak = [_plain(group.name) for group in facts.groups if group.weak]
    verdict = (
        f"Weak for {', '.join(weak)}: rely on it least there."
        if weak
        else "No group is marked as weak."
    )
    header = ("Group", "Passengers", "Survived", "Said to survive", "Accuracy")
    return f"## By sex and class\n\n{verdict}\n\n{_table(header, rows)}"


def _inputs(facts: ModelFacts) -> str:
    compared = ((variant.name, variant.figures) for variant in facts.variants)
    return f"""## With less known

Clients often have no name, ticket or cabin. Held-out figures for what they send:

{_figures(*compared)}"""


def _provenance(facts: ModelFacts) -> str:
    rows = (
        ("Model version", str(facts.version)),
        ("Created", f"{facts.created.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
        ("Release digest", f"`{facts.digest}`"),
        ("Data fingerprint", f"`{facts.data_fingerprint}`"),
        ("Dagster run", f"`{facts.dagster_run_id}`"),
        ("MLflow run", f"`{facts.mlflow_run_id}`"),
        ("Code revision", f"`{facts.code_revision}`"),
    )
    return f"## Provenance\n\n{_table(('', ''), rows)}"


def _figures(*columns: tuple[str, tuple[Figure, ...]]) -> str:
    """Figures by name, one column per way of measuring; what was not measured is a dash."""
    names = dict.fromkeys(figure.name for _, figures in columns for figure in figures)
    rows = []
    for name in names:
        cells = (next((str(f) for f in figures if f.name == name), "-") for _, figures in columns)
        rows.append((_plain(name).replace("_", " "), *cells))
    return _table(("Figure", *(_plain(title) for title, _ in columns)), rows)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """Text from elsewhere, kept from being read as a table's border or a line's end."""
    return " ".join(text.replace("|", "\\|").split())
