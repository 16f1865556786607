"""The features table as what a model is trained on and judged by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.contract import LABEL
from titanic_model.features import FEATURES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_CLASSES = {1: "first", 2: "second", 3: "third"}


class UnfitForTraining(ValueError):
    """A features table that no model can be trained on."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Passengers in the order of their ids, so that a shuffled table is the same data."""

    passenger_ids: NDArray[np.int64]
    matrix: NDArray[np.float32]
    survived: NDArray[np.int8]
    tickets: NDArray[np.str_]
    held_out: NDArray[np.bool_]

    @classmethod
    def from_table(cls, table: pa.Table | pd.DataFrame) -> TrainingData:
        """Read a table with the columns of `FEATURES_SCHEMA`."""
        missing = {"passenger_id", LABEL, "held_out", "ticket_group", *FEATURES}.difference(
            getattr(table, "column_names", table.columns)
        )
        if missing:
            raise UnfitForTraining(
                f"the features table lacks {', '.join(sorted(missing))}; materialise "
                "`passenger_features` again with this code"
            )
        order = np.argsort(np.asarray(table["passenger_id"], dtype=np.int64), kind="stable")

        def column(name: str, kind: Any) -> NDArray[Any]:
            return np.asarray(table[name], dtype=kind)[order]

        passenger_ids, tickets = column("passenger_id", np.int64), column("ticket_group", np.str_)
        return cls(
            passenger_ids=passenger_ids,
            matrix=np.stack([column(name, np.float32) for name in FEATURES], axis=1),
            survived=column(LABEL, np.int8),
            # Who has no ticket is a family of one.
            tickets=np.where(tickets == "", np.char.add("#", passenger_ids.astype(str)), tickets),
            held_out=column("held_out", np.bool_),
        )

    def __len__(self) -> int:
        """How many passengers there are."""
        return len(self.passenger_ids)

    def take(self, rows: NDArray[Any]) -> TrainingData:
        """Some of the passengers, by mask or position."""
        return TrainingData(
            self.passenger_ids[rows],
            self.matrix[rows],
            self.survived[rows],
            self.tickets[rows],
            self.held_out[rows],
        )

    @cached_property
    def training_part(self) -> TrainingData:
        """Who a model may be trained on."""
        return self.take(~self.held_out)

    @cached_property
    def held_out_part(self) -> TrainingData:
        """Who no model has ever seen."""
        return self.take(self.held_out)

    @cached_property
    def cells(self) -> NDArray[np.str_]:
        """The cell of sex and class each passenger belongs to, as fairness is reported."""
        sex = np.where(self._feature("female") == 1, "women", "men")
        ticket_class = [_CLASSES[int(number)] for number in self._feature("pclass")]
        return np.array(
            [f"{who}, {what} class" for who, what in zip(sex, ticket_class, strict=True)]
        )

    @cached_property
    def tickets_as_numbers(self) -> NDArray[np.int64]:
        """The ticket of each passenger as a number from 0, the same for who shares one."""
        return np.unique(self.tickets, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the content: equal for equal data, whatever it was called and stored as."""
        digest = hashlib.sha256("\n".join(FEATURES).encode())
        for part in (self.passenger_ids, self.matrix, self.survived, self.held_out):
            digest.update(np.ascontiguousarray(part).tobytes())
        digest.update("\n".join(self.tickets.tolist()).encode())
        return digest.hexdigest()

    def require_enough(self) -> None:
        """Raise unless both sides of the split have enough of both fates to fit and to judge."""
        for name, part, least in (
            ("training", self.training_part, 100),
            ("held-out", self.held_out_part, 20),
        ):
            fates = np.bincount(part.survived, minlength=2)
            if fates.min() < least // 2:
                raise UnfitForTraining(
                    f"the {name} part has {fates[1]} survivors and {fates[0]} victims, and "
                    f"needs {least // 2} of each: add passengers to the source"
                )

    def _feature(self, name: str) -> NDArray[np.float32]:
        return self.matrix[:, FEATURES.index(name)]
