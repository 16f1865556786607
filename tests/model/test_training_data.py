"""The features table as training data."""

import numpy as np
import pyarrow as pa
import pytest

from titanic_model.contract import AFTER_THE_EVENT
from titanic_model.features import FEATURES, INPUTS
from titanic_model.schemas import FEATURES_SCHEMA
from titanic_model.training_data import TrainingData, UnfitForTraining


def test_both_parts_together_are_everybody(data):
    assert len(data) == 1309
    assert len(data.training_part) + len(data.held_out_part) == 1309
    assert data.held_out_part.held_out.all()
    assert not set(data.training_part.tickets) & set(data.held_out_part.tickets)


def test_a_shuffled_table_and_a_data_frame_are_the_same_data(table, data):
    order = np.random.default_rng(0).permutation(table.num_rows)
    assert TrainingData.from_table(table.take(order)).fingerprint == data.fingerprint
    assert TrainingData.from_table(table.to_pandas()).fingerprint == data.fingerprint


@pytest.mark.parametrize("column", ["survived", "fare", "held_out", "ticket_group"])
def test_one_changed_value_is_other_data(table, data, column):
    values = table[column].to_pylist()
    if isinstance(values[0], str):
        values[0] += "x"
    elif isinstance(values[0], float):
        values[0] += 1
    else:
        values[0] = type(values[0])(1 - values[0])
    place = table.column_names.index(column)
    changed = table.set_column(place, column, pa.array(values, table.schema.field(column).type))
    assert TrainingData.from_table(changed).fingerprint != data.fingerprint


def test_who_has_no_ticket_is_a_family_of_one(table):
    place = table.column_names.index("ticket_group")
    bare = table.set_column(place, "ticket_group", pa.array([""] * table.num_rows))
    assert len(set(TrainingData.from_table(bare).tickets.tolist())) == table.num_rows


def test_cells_name_sex_and_class(data):
    assert data.cells[0] == "women, first class"
    assert len(set(data.cells.tolist())) == 6


def test_a_table_of_other_features_is_named_as_such(table):
    with pytest.raises(UnfitForTraining, match=r"lacks deck, log_fare; materialise"):
        TrainingData.from_table(table.drop(["deck", "log_fare"]))


def test_too_few_survivors_are_refused_before_the_search(data):
    only_victims = data.take(data.survived == 0)
    with pytest.raises(UnfitForTraining, match="training part has 0 survivors"):
        only_victims.require_enough()
    few_held_out = data.take(~data.held_out | (np.arange(len(data)) < 40))
    with pytest.raises(UnfitForTraining, match="held-out part"):
        few_held_out.require_enough()


def test_what_is_known_only_afterwards_has_no_place_in_the_features_table():
    names = {*FEATURES_SCHEMA.names, *FEATURES, *INPUTS}
    assert not names & {*AFTER_THE_EVENT, "home_dest"}
