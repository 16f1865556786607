"""`python -m titanic_assets.stack.feature_server`: Feast's own feature server over this home.

It only reads. What a run writes later is seen at once, and nothing is registered from here.
"""

import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.settings import WrongSetting, load_settings
from titanic_assets.training.feature_store import registry_file, store_config
from titanic_model.features import FEATURES
from titanic_model.online import FEATURE_VIEW, PASSENGER_ID

if TYPE_CHECKING:
    from feast import FeatureStore
    from starlette.types import ASGIApp, Receive, Scope, Send

# Of Feast's routes, those that a look-up needs. The others write to the store, or do things that
# nobody here uses.
_OPEN = {("POST", "/get-online-features"), ("GET", "/health")}
_LOOK_EVERY_SECONDS = 0.2
_GRACE_SECONDS = 2


class OneLine(logging.Formatter):
    """The end of what was said: of a traceback, the line that names the error."""

    def format(self, record: logging.LogRecord) -> str:
        """One line with time, level and words."""
        words = record.getMessage().strip().rpartition("\n")[2]
        cause = record.exc_info[1] if record.exc_info else None
        because = f": {cause!r}" if cause else ""
        return f"{self.formatTime(record)} {record.levelname} {words}{because}"


def only_reading(app: "ASGIApp") -> "ASGIApp":
    """Feast's server without its ways to write."""
    from starlette.responses import JSONResponse

    closed = JSONResponse({"detail": "this feature server only looks up features"}, 404)

    async def door(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) in _OPEN:
            await app(scope, receive, send)
        else:
            await closed(scope, receive, send)

    return door


def serve(folder: Path, host: str, port: int) -> None:
    """Answer look-ups until a signal asks to end."""
    import uvicorn
    from feast import FeatureStore
    from feast.feature_server import get_app

    _wait_for_registry(folder)
    # Feast would run a `static_artifacts.py` of its repository, which is otherwise the folder that
    # this process happens to be started in.
    store = FeatureStore(repo_path=str(folder), config=store_config(folder))
    _warm_up(store)
    uvicorn.run(
        # 0: no timer that refreshes the registry, which would end with the first failed read. The
        # registry itself looks whether its file has changed.
        only_reading(get_app(store, registry_ttl_sec=0)),
        host=host,
        port=port,
        ws="none",
        access_log=False,
        log_config=_QUIET,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _warm_up(store: "FeatureStore") -> None:
    """Look once before anybody waits: the first time takes Feast longer than callers have."""
    names = [f"{FEATURE_VIEW}:{name}" for name in FEATURES]
    try:
        store.get_online_features(names, [{PASSENGER_ID: 1}])
    except Exception as error:  # noqa: BLE001 - whoever asks will be told; this was for speed only
        print(f"no look-up yet: {error!r}", file=sys.stderr, flush=True)


def _wait_for_registry(folder: Path) -> None:
    """Feast makes an empty registry where there is none, perhaps over one just being written."""
    registry = registry_file(folder)
    if not registry.exists():
        print(f"no features yet: waiting for a run of online_features to make {registry}")
        sys.stdout.flush()
    while not registry.exists():
        time.sleep(_LOOK_EVERY_SECONDS)


_QUIET = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"one line": {"()": OneLine}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "one line"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
}


def main() -> int:
    """Serve the store of TITANIC_HOME on BIND_HOST and FEATURES_PORT."""
    try:
        settings = load_settings()
        serve(settings.places.feature_store, settings.bind_host, settings.features_port)
    except WrongSetting as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass  # while it was starting; once it serves, uvicorn sees to signals
    return 0


if __name__ == "__main__":
    sys.exit(main())
