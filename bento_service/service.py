"""The service as BentoML knows it: what it is called, how it is packed, and what it offers.

The routes that are declared here are what `bentoml.SyncHTTPClient` and BentoML's own pages go by.
Over HTTP they are answered by `front`, which stands before BentoML; called within the process
they go the same way.
"""

import os
from typing import Any, cast

# ONNX Runtime looks at this when it is imported. Without it it puts an identity of this machine
# into the user's ~/.cache and a database beside that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import bentoml
from _bentoml_sdk.service import Service
from bentoml.exceptions import InvalidArgument
from pydantic import BaseModel

from bento_service.answers import (
    BatchPrediction,
    EveryPrediction,
    ExplainedPrediction,
    OutcomeNoted,
    Prediction,
)
from bento_service.app import App
from bento_service.checking import checked
from bento_service.front import Front
from bento_service.logs import log_as_json
from bento_service.packing import PackedRelease, packed_release_folder
from bento_service.reading import PassengerBatch
from bento_service.routes.outcomes import Outcome
from bento_service.settings import WrongSetting, load_settings
from bento_service.tracing import traced
from titanic_model.contract import Passenger

try:
    _SETTINGS = checked(load_settings())
except WrongSetting as wrong:
    # BentoML says this in one line, and anything else with its whole trace.
    raise InvalidArgument(str(wrong)) from None


class FrontedService(Service[Any]):
    """A BentoML service with our own front before it."""

    app: App | None = None

    def to_asgi(self, is_main: bool = True) -> Any:  # noqa: FBT001, FBT002 - BentoML's signature
        """The application that a worker serves."""
        log_as_json(_SETTINGS.log_level)
        self.app = self._load()
        return traced(Front(self.app, super().to_asgi(is_main)), _SETTINGS, self._version)

    def within_this_process(self) -> App:
        """The application here, begun now where no server has begun it."""
        if self.app is None:
            self.app = self._load()
            self.app.start()
        return self.app

    def _load(self) -> App:
        return App(
            _SETTINGS,
            packed=packed_release_folder(self),
            version=self._version,
            bentoml=self._bentoml_documentation,
        )

    @property
    def _version(self) -> str:
        return self.bento.tag.version or "" if self.bento else "unpacked"

    def _bentoml_documentation(self) -> dict[str, Any]:
        documentation: dict[str, Any] = self.openapi_spec.asdict()
        return documentation


@bentoml.service(
    name="titanic_survival",
    service_class=FrontedService,
    workers=_SETTINGS.workers,
    # The front counts, logs and traces; BentoML is left with its pages.
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
    # Without a distribution BentoML installs no compiler and no git, which nothing here needs; and
    # whichever Python builds the bento, the image has the base's own.
    image=bentoml.images.Image(base_image="python:3.11-slim", distro="none", python_version="3.11"),
)
class TitanicSurvival:
    """Would this passenger have survived?"""

    release = PackedRelease("titanic_survival:live")

    @bentoml.api(route="/api/v1/predict")
    async def predict(self, passenger: Passenger, /) -> Prediction:
        """One passenger."""
        return Prediction.model_validate(await _ask("/api/v1/predict", passenger))

    @bentoml.api(route="/api/v1/batch_predict")
    async def batch_predict(self, batch: PassengerBatch, /) -> BatchPrediction:
        """Many passengers, answered in their order."""
        return BatchPrediction.model_validate(await _ask("/api/v1/batch_predict", batch))

    @bentoml.api(route="/api/v1/predict_all")
    async def predict_all(self, passenger: Passenger, /) -> EveryPrediction:
        """One passenger, by every live model."""
        return EveryPrediction.model_validate(await _ask("/api/v1/predict_all", passenger))

    @bentoml.api(route="/api/v1/explain")
    async def explain(self, passenger: Passenger, /) -> ExplainedPrediction:
        """One passenger, and which field moved the answer how far."""
        return ExplainedPrediction.model_validate(await _ask("/api/v1/explain", passenger))

    @bentoml.api(route="/api/v1/outcomes")
    async def outcomes(self, outcome: Outcome, /) -> OutcomeNoted:
        """What really became of a passenger."""
        return OutcomeNoted.model_validate(await _ask("/api/v1/outcomes", outcome))


async def _ask(path: str, content: BaseModel) -> Any:
    service = cast("FrontedService", TitanicSurvival)  # what the decorator has made of it
    return await service.within_this_process().ask(path, content.model_dump_json().encode())
