"""One packaged list as training data, and one model trained on it, for all tests of the model."""

import csv

import numpy as np
import pyarrow as pa
import pytest

from titanic_model.features import FEATURES, derive_columns
from titanic_model.identity import held_out, normalised
from titanic_model.schemas import PACKAGED_LIST
from titanic_model.search import Budget
from titanic_model.training import train
from titanic_model.training_data import TrainingData

BUDGET = Budget(trials=2)


def passenger_rows():
    with PACKAGED_LIST.open(newline="") as file:
        return list(csv.DictReader(file))


def features_table(rows):
    """The features table of these rows, by the same functions as the graph's."""

    def numbers(name):
        return np.array([float(row[name] or "nan") for row in rows])

    def texts(name):
        return [row[name] or None for row in rows]

    columns = {
        **{name: numbers(name) for name in ("pclass", "age", "sibsp", "parch", "fare")},
        **{name: texts(name) for name in ("sex", "embarked", "name", "cabin")},
    }
    tickets = normalised(pa.array(texts("ticket"), pa.string()))
    matrix = derive_columns(columns)
    return pa.table(
        {
            "passenger_id": pa.array(range(1, len(rows) + 1), pa.int64()),
            "survived": pa.array([int(row["survived"]) for row in rows], pa.int8()),
            "held_out": held_out(tickets, tickets),
            "ticket_group": tickets,
            **{name: matrix[:, place] for place, name in enumerate(FEATURES)},
        }
    )


@pytest.fixture(scope="session")
def table():
    return features_table(passenger_rows())


@pytest.fixture(scope="session")
def data(table):
    return TrainingData.from_table(table)


@pytest.fixture(scope="session")
def heard():
    """What `trained` told while it was at it."""
    return {"trials": [], "stages": []}


@pytest.fixture(scope="session")
def trained(data, heard):
    return train(data, BUDGET, heard["trials"].append, heard["stages"].append)


@pytest.fixture(scope="session")
def scorer(trained):
    return trained.scorer()
