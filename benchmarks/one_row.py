"""One passenger at a time: the features, a prediction through ONNX, and the same by hand."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks import by_hand
from benchmarks.results import Figure, Section
from titanic_model.families import STARTERS, Classifier, without_sampler
from titanic_model.features import FEATURES, INPUTS, derive_columns, derive_row
from titanic_model.latency import microseconds_per_passenger
from titanic_model.onnx_export import export
from titanic_model.schemas import PACKAGED_LIST
from titanic_model.scorer import Scorer

A_PASSENGER = {
    "pclass": 1, "sex": "female", "age": 17.0, "sibsp": 1, "parch": 0, "fare": 57.0,
    "embarked": "S", "name": "Dick, Mrs. Albert Adrian (Vera Gillespie)", "cabin": "B20",
}  # fmt: skip
_MICROSECONDS = 20.0
_ROUNDS, _CALLS = 50, 1000


def measure(say: Callable[[str], None]) -> Section:
    """Time each, in this process."""
    model = fit()
    scorer = Scorer(export(model, len(FEATURES)))
    row = _microseconds(_features, _CALLS)
    prediction = microseconds_per_passenger(scorer)
    slow = _microseconds(lambda: _by_hand(model), 1)
    say(f"  features {row:.1f} µs, prediction {prediction:.1f} µs, by hand {slow:,.0f} µs")
    return Section(
        part="row",
        title="One passenger",
        words=(
            f"Median of {_ROUNDS} rounds; the prediction goes from plain values through the "
            "features and ONNX Runtime to a probability (best of 30 rounds). The model is a soft "
            "vote of logistic regression and gradient boosting. By hand: the features in pandas "
            "and scikit-learn's `predict_proba`."
        ),
        figures=(
            Figure("the features of one passenger", row, "µs", _MICROSECONDS),
            Figure("one prediction through ONNX, features included", prediction, "µs"),
            Figure("one prediction by hand", slow, "µs"),
        ),
    )


def fit(seed: int = 0) -> Classifier:
    """A model of the kind that wins the search, on the packaged list."""
    matrix, survived = packaged_features()
    return without_sampler(STARTERS[0].build(seed).fit(matrix, survived))


def packaged_features() -> tuple[NDArray[np.float32], pd.Series]:
    """The features of the packaged list, and who survived."""
    people = pd.read_csv(PACKAGED_LIST)
    known = people.astype(object).where(people.notna(), None)
    columns = {name: known[name].to_list() for name in INPUTS}
    return derive_columns(columns), people["survived"]


def _features() -> None:
    derive_row(A_PASSENGER)


def _by_hand(model: Classifier) -> None:
    one = pd.DataFrame([A_PASSENGER])
    features = by_hand.transform(one, by_hand.titles(one["name"]))
    model.predict_proba(features.to_numpy(np.float32))


def _microseconds(call: Callable[[], None], calls: int) -> float:
    rounds = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        for _ in range(calls):
            call()
        rounds.append((time.perf_counter() - started) / calls * 1e6)
    return median(rounds)
