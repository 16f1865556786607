"""The passenger contract: the one definition of what a passenger is.

The API's schema, the expectation suite, the feature transform, the page's form and the docs are
derived from `Passenger`. What becomes of a row that breaks it is for others to decide.
"""

from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Kind = Literal["integer", "number", "category", "text"]


class Passenger(BaseModel):
    """One passenger, as known before the ship sailed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, strict=True)

    pclass: Annotated[
        int, Field(ge=1, le=3, description="Ticket class: 1 first, 2 second, 3 third.")
    ]
    sex: Annotated[Literal["female", "male"], Field(description="Sex as entered in the list.")]
    age: Annotated[
        float | None,
        Field(ge=0, le=120, description="Age in years; infants as a fraction of a year."),
    ] = None
    sibsp: Annotated[
        int, Field(ge=0, le=20, description="Siblings and spouses travelling along.")
    ] = 0
    parch: Annotated[
        int, Field(ge=0, le=20, description="Parents and children travelling along.")
    ] = 0
    fare: Annotated[
        float | None,
        Field(ge=0, le=2000, description="Price of the ticket in pounds of 1912."),
    ] = None
    embarked: Annotated[
        Literal["C", "Q", "S"] | None,
        Field(description="Port: C Cherbourg, Q Queenstown, S Southampton."),
    ] = None
    name: Annotated[
        str | None,
        Field(max_length=200, description="Surname, title and first names, as in the list."),
    ] = None
    ticket: Annotated[
        str | None,
        Field(max_length=64, description="Ticket number; families often share one."),
    ] = None
    cabin: Annotated[
        str | None,
        Field(max_length=64, description="Cabin, its first letter being the deck."),
    ] = None


@dataclass(frozen=True)
class ContractField:
    """What the contract says about one field, in a form that other parts can build upon."""

    name: str
    kind: Kind
    required: bool
    optional: bool
    default: int | float | str | None
    low: float | None
    high: float | None
    allowed: tuple[str, ...]
    max_length: int | None
    explanation: str

    @property
    def allowed_text(self) -> str:
        """What is allowed here, as a person would say it."""
        if self.kind == "category":
            text = " or ".join(self.allowed)
        elif self.kind == "text":
            text = f"text of at most {self.max_length} characters"
        else:
            noun = "a whole number" if self.kind == "integer" else "a number"
            text = f"{noun} from {self.low:g} to {self.high:g}"
        return f"{text}, or nothing" if self.optional else text


def _describe(name: str, info: FieldInfo) -> ContractField:
    """Read one field of `Passenger` back from pydantic."""
    types = [
        kind for kind in get_args(info.annotation) or (info.annotation,) if kind is not NoneType
    ]
    if get_origin(info.annotation) is Literal:
        types = [info.annotation]
    annotation = types[0]
    bounds = info.metadata
    kind: Kind
    allowed: tuple[str, ...] = ()
    if get_origin(annotation) is Literal:
        kind, allowed = "category", get_args(annotation)
    else:
        kind = {int: "integer", float: "number", str: "text"}[annotation]  # type: ignore[assignment]
    return ContractField(
        name=name,
        kind=kind,
        required=info.is_required(),
        optional=NoneType in get_args(info.annotation),
        default=None if info.is_required() else info.default,
        low=next((float(b.ge) for b in bounds if isinstance(b, Ge)), None),  # type: ignore[arg-type]
        high=next((float(b.le) for b in bounds if isinstance(b, Le)), None),  # type: ignore[arg-type]
        allowed=allowed,
        max_length=next((b.max_length for b in bounds if isinstance(b, MaxLen)), None),
        explanation=info.description or "",
    )


FIELDS: tuple[ContractField, ...] = tuple(
    _describe(name, info) for name, info in Passenger.model_fields.items()
)
FIELD_NAMES: tuple[str, ...] = tuple(field.name for field in FIELDS)
LABEL = "survived"

# Known only after the ship went down. They stay in raw data, and no feature may read them.
AFTER_THE_EVENT: tuple[str, ...] = ("boat", "body")

# Passenger lists come with one of two headers: Kaggle's and titanic3's. Letter case and dots do
# not matter, so one table reads both.
SOURCE_ID = "source_id"
RAW_COLUMNS: tuple[str, ...] = (SOURCE_ID, LABEL, *FIELD_NAMES, *AFTER_THE_EVENT, "home_dest")
REQUIRED_COLUMNS: tuple[str, ...] = (
    LABEL,
    *(field.name for field in FIELDS if field.required),
)
_OTHER_SPELLINGS = {
    "passengerid": SOURCE_ID,
    "passenger_id": SOURCE_ID,
    "id": SOURCE_ID,
    "home.dest": "home_dest",
}


def column_for(header: str) -> str | None:
    """The contract's name for a column of a passenger list, or None if it has no use for it."""
    name = header.strip().lower()
    name = _OTHER_SPELLINGS.get(name, name)
    return name if name in RAW_COLUMNS else None


@dataclass(frozen=True)
class Header:
    """How the columns of one passenger list map onto the contract."""

    columns: dict[str, str]
    ignored: tuple[str, ...]
    absent: tuple[str, ...]


class WrongHeader(ValueError):
    """A passenger list whose columns do not make it one."""


def read_header(names: list[str]) -> Header:
    """Map a list's column names onto the contract, or say which ones are missing or doubled."""
    columns: dict[str, str] = {}
    for name in names:
        column = column_for(name)
        if column is None:
            continue
        if column in columns.values():
            raise WrongHeader(f"two columns of this list mean {column!r}: {', '.join(names)}")
        columns[name] = column
    missing = [name for name in REQUIRED_COLUMNS if name not in columns.values()]
    if missing:
        found = ", ".join(names[:20]) or "none"
        raise WrongHeader(
            f"no column {', '.join(map(repr, missing))} in this list (its columns: {found}). "
            "Name the columns as Kaggle's train.csv or titanic3.csv does; a list without "
            f"{LABEL!r} can be scored, not trained on."
        )
    return Header(
        columns=columns,
        ignored=tuple(name for name in names if name not in columns),
        absent=tuple(name for name in FIELD_NAMES if name not in columns.values()),
    )
