"""The API of `make run`: what it is started with, and the prediction that shows that it works.

It is a program of its own, as far away as any client; nothing of it is imported here.
"""

import json
import socket
import urllib.request
from collections.abc import Mapping
from urllib.error import HTTPError

from titanic_assets.settings import Settings
from titanic_assets.stack.dagster_api import open_address

PASSENGER = {"pclass": 1, "sex": "female", "age": 29, "fare": 80, "embarked": "S"}
_ANSWER_WITHIN_SECONDS = 10
_ASKS_WHO_YOU_ARE = (401, 403)


def command(tag: str, settings: Settings) -> list[str]:
    """What Python is told so that it serves this bento."""
    # BentoML takes addresses only, where the others take names as well.
    host = socket.getaddrinfo(settings.bind_host, None, type=socket.SOCK_STREAM)[0][4][0]
    return [
        "-m", "bentoml", "serve", tag,
        "--host", str(host), "--port", str(settings.api_port),
    ]  # fmt: skip


def environment(around: Mapping[str, str], settings: Settings, features: str) -> dict[str, str]:
    """What the service sees: this home's places, unless somebody has set others."""
    ours = {
        "RELEASES_URI": str(settings.places.releases),
        "PREDICTION_LOG_URI": str(settings.places.prediction_log),
        "FEATURES_URL": features,
    }
    given = {name: value for name, value in around.items() if value or name not in ours}
    given.pop("PYTHONPATH", None)  # the code is the bento's
    # And what Python compiles is not: it names this machine's folders.
    return ours | given | {"PYTHONDONTWRITEBYTECODE": "1"}


def ask(url: str) -> str:
    """A prediction by the API at that address, in words."""
    request = urllib.request.Request(  # noqa: S310 - our own service, always http
        f"{url}/api/v1/predict",
        json.dumps(PASSENGER).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with open_address(request, timeout=_ANSWER_WITHIN_SECONDS) as response:
            answer = json.load(response)
    except HTTPError as error:
        with error:
            said = error.read(2000).decode(errors="replace")
        if error.code in _ASKS_WHO_YOU_ARE:
            return "the API answers whoever shows a token: `make token` makes one"
        return f"the API does not predict (status {error.code}): {said}"
    except OSError as error:
        return f"the API does not predict: {error}"
    return (
        "a woman of 29 in first class survives with probability "
        f"{answer['probability']:.2f}, says version {answer['model_version']}"
    )
