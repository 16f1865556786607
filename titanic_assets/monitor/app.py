"""The monitor's routes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from titanic_assets.monitor.alert_history import BadQuestion, history, read_question, status
from titanic_assets.monitor.answering import ALWAYS, answer, as_text, refusal
from titanic_assets.monitor.exposition import CONTENT_TYPE, expose
from titanic_assets.monitor.near import only_near
from titanic_assets.monitor.page import show
from titanic_assets.monitor.sources import Sources
from titanic_assets.monitor.watching import silence
from titanic_assets.monitor.watchman import Watchman

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from titanic_assets.settings import Settings

_PAGE_HEADERS = {
    **ALWAYS,
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
}


class Monitor:
    """What answers each route."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._sources = Sources(settings)
        self.watchman = Watchman(settings, self._sources, say)

    async def metrics(self, _: Request) -> Response:
        """All metrics."""
        from starlette.responses import Response

        content = expose(await self._sources.now(), time.time())
        return Response(content, headers=ALWAYS | {"content-type": CONTENT_TYPE})

    async def alerts(self, request: Request) -> Response:
        """The newest alerts, or those that are asked for."""
        wanted = read_question(request.query_params.multi_items())
        look = await self._sources.alerts.now()
        if look.problem or look.value is None:
            return _unreadable("the ledger of alerts", look.problem)
        return answer(history(look.value[0], wanted))

    async def alerts_status(self, _: Request) -> Response:
        """The alerts in a few figures."""
        look = await self._sources.alerts.now()
        if look.problem or look.value is None:
            return _unreadable("the ledger of alerts", look.problem)
        webhook = self._settings.slack_webhook_url is not None
        return answer(status(look.value[0], webhook=webhook))

    async def health(self, _: Request) -> Response:
        """Whether Dagster's daemon lives."""
        look = await self._sources.dagster.now()
        if look.problem or look.value is None:
            return _unreadable("Dagster's storage", look.problem)
        trouble = silence(look.value, time.time())
        beats = {each.name: as_text(each.heartbeat) for each in look.value.daemons}
        return answer(
            {
                "status": "stopped" if trouble else "ok",
                "problem": trouble or None,
                "heartbeats": beats,
            },
            503 if trouble else 200,
        )

    async def alive(self, _: Request) -> Response:
        """That the monitor itself answers."""
        return answer({"status": "ok"})

    async def page(self, _: Request) -> Response:
        """All of it for people."""
        from starlette.responses import HTMLResponse

        seen = await self._sources.now()
        return HTMLResponse(show(seen, self._settings, time.time()), headers=_PAGE_HEADERS)


def application(settings: Settings, say: Callable[[str], None]) -> ASGIApp:
    """The whole server, which watches for as long as it is up."""
    import asyncio

    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Route

    monitor = Monitor(settings, say)
    routes = {
        "/": monitor.page,
        "/metrics": monitor.metrics,
        "/health": monitor.health,
        "/livez": monitor.alive,
        "/alerts": monitor.alerts,
        "/alerts/status": monitor.alerts_status,
    }

    async def refused(_: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        if code == 405:
            return refusal(
                405, "not_allowed", "Only GET and HEAD: nothing is changed from here.",
                headers={"allow": "GET, HEAD"},
            )  # fmt: skip
        return refusal(code, "not_found", f"There are {', '.join(routes)}.")

    async def bad(_: Request, error: Exception) -> Response:
        field = error.field if isinstance(error, BadQuestion) else None
        return refusal(400, "bad_parameter", f"{field}: {error}", field=field)

    async def failed(_: Request, error: Exception) -> Response:
        say(f"the monitor failed to answer: {error!r}")
        return refusal(500, "internal", "The monitor failed to answer; its log says why.")

    @asynccontextmanager
    async def watching(_: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(monitor.watchman.run())
        yield
        watch.cancel()

    app = Starlette(
        routes=[Route(path, handler, methods=["GET"]) for path, handler in routes.items()],
        exception_handlers={HTTPException: refused, BadQuestion: bad, Exception: failed},
        lifespan=watching,
    )
    app.router.redirect_slashes = False
    return only_near(app, settings.bind_host)


def _unreadable(what: str, problem: str | None) -> Response:
    return refusal(503, "unavailable", f"{what} cannot be read: {problem or 'not yet'}")
