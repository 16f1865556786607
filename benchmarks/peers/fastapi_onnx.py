"""FastAPI with ONNX Runtime, tuned by hand, in two ways.

`/predict` declares its body, as one does in FastAPI, and sends ready bytes. `/bare` leaves the
body to pydantic too, which is quicker, and what FastAPI would have documented is then lost.
"""

import gc

from fastapi import FastAPI, Request, Response

from benchmarks.peers.scoring import answer, score
from titanic_model.contract import Passenger

_read = Passenger.__pydantic_validator__.validate_json

app = FastAPI(openapi_url=None)


@app.post("/predict")
async def predict(passenger: Passenger) -> Response:
    """One passenger, read by FastAPI."""
    return Response(answer(score(passenger)), media_type="application/json")


@app.post("/bare")
async def predict_barely(request: Request) -> Response:
    """One passenger, read by pydantic from the bytes."""
    passenger = _read(await request.body())
    return Response(answer(score(passenger)), media_type="application/json")


gc.collect()
gc.freeze()
