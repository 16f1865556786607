"""`python -m titanic_assets.monitor`: answers on BIND_HOST and MONITOR_PORT until told to end."""

import sys

from titanic_assets.settings import WrongSetting
from titanic_assets.terminal import say, settings_here

_GRACE_SECONDS = 2


def main() -> int:
    """Serve until a signal asks to end."""
    import uvicorn

    from titanic_assets.monitor.app import application

    try:
        settings = settings_here()
    except WrongSetting as error:
        say(str(error))
        return 1
    uvicorn.run(
        application(settings, say),
        host=settings.bind_host,
        port=settings.monitor_port,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
