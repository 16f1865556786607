"""FastAPI with a pickled scikit-learn pipeline on a table of one row, as its tutorials show it."""

import joblib  # type: ignore[import-untyped]  # it has none
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.peers import JOBLIB, model_file
from titanic_model.contract import Passenger


class Prediction(BaseModel):
    """The answer."""

    survived: bool
    probability: float


app = FastAPI()
model = joblib.load(model_file(JOBLIB))


@app.post("/predict")
def predict(passenger: Passenger) -> Prediction:
    """One passenger."""
    table = pd.DataFrame([passenger.model_dump()])
    probability = model.predict_proba(table)[0, 1]
    return Prediction(survived=probability >= 0.5, probability=probability)
