"""From a looked-up vector back to the passenger."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titanic_model.features import FEATURES, derive_row
from titanic_model.online import passenger_of

FIELDS = ("pclass", "sex", "age", "sibsp", "parch", "fare", "embarked")
# Of these the rest of the vector is made; titles and cabins come from what is not kept.
FROM_FIELDS = [
    place
    for place, name in enumerate(FEATURES)
    if not name.startswith(("title_", "cabin_", "deck"))
]


def test_every_packaged_passenger_comes_back_as_in_the_list(validated, features):
    rows = validated.to_pandas([*FIELDS]).astype(object)
    rows = rows.where(rows.notna(), None).to_dict("records")
    matrix = features.to_pandas()[list(FEATURES)].to_numpy(dtype=np.float32)
    assert len(rows) == len(matrix) == 1309
    for row, vector in zip(rows, matrix, strict=True):
        passenger = passenger_of(vector).model_dump(include=set(FIELDS))
        assert passenger == row
        derived = derive_row(passenger)
        np.testing.assert_array_equal(derived[FROM_FIELDS], vector[FROM_FIELDS])


@given(age=st.floats(0, 120, width=32), fare=st.floats(0, 2000, width=32))
def test_ages_and_fares_come_back_to_the_last_bit(age, fare):
    vector = derive_row({"pclass": 1, "sex": "female", "age": age, "fare": fare})
    passenger = passenger_of(vector)
    assert np.float32(passenger.age) == np.float32(age)
    assert np.float32(passenger.fare) == np.float32(fare)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pclass": 4},
        {"pclass": 1.5},
        {"pclass": np.nan},
        {"female": 2},
        {"female": np.nan},
        {"sibsp": -1},
        {"parch": np.inf},
        {"age": np.inf},
        {"fare": 5000},
        {"embarked_c": 1, "embarked_q": 1},
        {"embarked_s": np.nan},
    ],
)
def test_what_no_passenger_has_is_an_error(wrong):
    vector = derive_row({"pclass": 3, "sex": "male", "age": 22.0, "fare": 7.25})
    for name, value in wrong.items():
        vector[FEATURES.index(name)] = value
    with pytest.raises(ValueError, match=r"no passenger|validation error"):
        passenger_of(vector)
