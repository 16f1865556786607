"""BentoML with ONNX Runtime, as its tutorial shows it, with all its defaults."""

import bentoml
from pydantic import BaseModel

from titanic_model.contract import Passenger


class Prediction(BaseModel):
    """The answer."""

    survived: bool
    probability: float


@bentoml.service
class Titanic:
    """Would this passenger have survived?"""

    def __init__(self) -> None:
        from benchmarks.peers.scoring import score

        self.score = score

    @bentoml.api  # type: ignore[untyped-decorator]  # it has no types
    async def predict(self, passenger: Passenger, /) -> Prediction:
        """One passenger."""
        probability = self.score(passenger)
        return Prediction(survived=probability >= 0.5, probability=probability)
