"""The service as BentoML knows it: what it is called, how it is packed, and what it offers.

The routes that are declared here are what `bentoml.SyncHTTPClient` and BentoML's own pages go by.
Over HTTP they are answered by `front`, which stands before BentoML.
"""

from __future__ import annotations

from typing import Any

import bentoml
from _bentoml_sdk.service import Service

from bento_service.app import App
from bento_service.front import Front
from bento_service.logs import log_as_json
from bento_service.packing import PackedRelease, packed_release_folder
from bento_service.settings import load_settings

_SETTINGS = load_settings()


class FrontedService(Service[Any]):
    """A BentoML service with our own front before it."""

    def to_asgi(self, is_main: bool = True) -> Any:
        """The application that a worker serves."""
        log_as_json(_SETTINGS.log_level)
        return Front(App(_SETTINGS, packed_release_folder(self)), super().to_asgi(is_main))


@bentoml.service(
    name="titanic_survival",
    service_class=FrontedService,
    workers=_SETTINGS.workers,
    # Without a distribution BentoML installs no compiler and no git, which nothing here needs.
    image=bentoml.images.Image(base_image="python:3.11-slim", distro="none"),
)
class TitanicSurvival:
    """Would this passenger have survived?"""

    release = PackedRelease("titanic_survival:live")
