"""What lies in the online feature store, for those who write it and those who look up there.

And the way back from a looked-up vector to the passenger it was derived from. How Feast is set up
to hold it is for others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from titanic_model.contract import Passenger
from titanic_model.features import FEATURES

# The features of each passenger, by `passenger_id`. Each row says what version of the formulae it
# was derived with, so that a store that is half rewritten cannot be misread.
FEATURE_VIEW = "passenger_features"
PASSENGER_ID = "passenger_id"
VERSION_FIELD = "feature_version"

# One row for each view that is written, by the view's name: when and what was written last.
WRITES_VIEW = "online_writes"
WRITTEN_VIEW = "written_view"
ROWS_FIELD = "rows"
WRITTEN_AT_FIELD = "written_at"  # in seconds since 1970

_AT = {name: place for place, name in enumerate(FEATURES)}
_PORTS = {"C": "embarked_c", "Q": "embarked_q", "S": "embarked_s"}


def passenger_of(vector: NDArray[np.float32]) -> Passenger:
    """The passenger that these features were derived from, without name, ticket and cabin.

    Ages and fares come back as the shortest decimal number that is the same in 32 bits, which is
    the one that was in the list. Features that no passenger has raise ValueError.

    >>> from titanic_model.features import derive_row
    >>> passenger_of(derive_row({"pclass": 3, "sex": "male", "age": 0.9167, "embarked": "S"})).age
    0.9167
    """
    ports = [port for port, feature in _PORTS.items() if _whole(vector, feature) == 1]
    if len(ports) > 1:
        raise ValueError(f"no passenger embarked at {' and '.join(ports)}")
    female = _whole(vector, "female")
    if female not in (0, 1):
        raise ValueError(f"no passenger has female {female}")
    return Passenger(
        pclass=_whole(vector, "pclass"),
        sex="female" if female else "male",
        age=_number(vector, "age"),
        sibsp=_whole(vector, "sibsp"),
        parch=_whole(vector, "parch"),
        fare=_number(vector, "fare"),
        embarked=ports[0] if ports else None,  # type: ignore[arg-type]  # a key of _PORTS
    )


def _whole(vector: NDArray[np.float32], feature: str) -> int:
    value = float(vector[_AT[feature]])
    if not value.is_integer():
        raise ValueError(f"no passenger has {feature} {value:g}")
    return int(value)


def _number(vector: NDArray[np.float32], feature: str) -> float | None:
    value = vector[_AT[feature]]
    return None if np.isnan(value) else float(str(np.float32(value)))
