"""What a report concludes, as those need it who act on it: whether to train, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

Report = Literal["drift_report", "performance_report"]
_Value = TypeVar("_Value")


class ReportVerdict(BaseModel):
    """The conclusion of a report, which begins its value on disk."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    report_id: Annotated[str, Field(description="The same for a report of the same predictions.")]
    made: Annotated[float, Field(description="Seconds since 1970, UTC.")]
    asks_for_training: bool
    why: Annotated[str, Field(description="A sentence for people.")]
    link: Annotated[str | None, Field(description="The report's page.")] = None


def read_verdict(settings: Settings, report: Report) -> ReportVerdict | None:
    """The newest report's conclusion; None before there is one."""
    return read_value(settings, report, ReportVerdict)


def read_value(settings: Settings, asset: str, kind: type[_Value]) -> _Value | None:
    """The whole value of a report, as it lies on disk; None before there is one."""
    path = settings.places.tables / f"{asset}.json"
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
