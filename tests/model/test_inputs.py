"""From features back to what was known."""

import numpy as np

from titanic_model.features import FEATURES, derive_columns
from titanic_model.inputs import OFTEN_UNKNOWN, known_of, without


def test_features_derived_again_are_the_same_for_everybody(data):
    np.testing.assert_array_equal(derive_columns(known_of(data.matrix)), data.matrix)


def test_what_is_missing_stays_missing(data):
    known = known_of(data.matrix)
    assert np.isnan(known["age"]).sum() == 263
    assert sum(port is None for port in known["embarked"]) == 2
    assert sum(cabin is None for cabin in known["cabin"]) == 1014


def test_without_a_name_the_title_is_guessed_and_without_a_cabin_no_deck_is_known(data):
    bare = without(known_of(data.matrix), OFTEN_UNKNOWN)
    assert not bare[:, FEATURES.index("title_rank")].any()
    assert not bare[:, FEATURES.index("deck")].any()
    fares = FEATURES.index("fare")
    np.testing.assert_array_equal(bare[:, fares], data.matrix[:, fares])
