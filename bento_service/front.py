"""The outermost of the service: finds the route, lets in who may come in, and sends the answer.

It stands before BentoML's own application, not within, and hands on to it what it does not know
itself. So no prediction pays for middlewares that it has no use for: BentoML's timeout alone
keeps a timer for a minute after each request, which is 50 MB at a thousand requests a second.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from secrets import token_hex
from typing import Any

from bento_service.admission import Admission, WithinSeconds
from bento_service.app import App
from bento_service.guard.callers import require
from bento_service.guard.headers import API_HEADERS, DOCS_HEADERS
from bento_service.http import (
    TEXT,
    Answer,
    AsgiApp,
    Receive,
    Refused,
    Request,
    Scope,
    Send,
    trace_id_of,
)
from bento_service.routes import Handler, Route
from bento_service.tracing import trace_id_of_span

_log = logging.getLogger("bento_service")

_OF_BENTOML = ("/static_content/", "/assets/")
_OF_BENTOML_EXACTLY = frozenset({"/", "/schema.json"})
_ONLY_READ = ("GET", "HEAD")
_ID_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_LONGEST_ID = 64
_WITHOUT_CONTENT = (204, 304)
_USUAL_PATIENCE = WithinSeconds()


class Front:
    """The ASGI application that a worker serves."""

    def __init__(self, app: App, bentoml: AsgiApp, within: WithinSeconds = _USUAL_PATIENCE) -> None:
        self._app = app
        self._bentoml = bentoml
        self._exact = {route.path: route for route in app.routes if not route.is_prefix}
        self._prefixes = [route for route in app.routes if route.is_prefix]
        self._admission = Admission(app, app.settings, within)
        self._traced = app.settings.otel_exporter_otlp_endpoint is not None
        # Unlike any id that another worker or an earlier one has made.
        self._first_half = token_hex(8)
        self._made = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or begin and end with the server."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._bentoml(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin before BentoML says that it is ready, and end before it says that it has ended."""

        async def end_then_send(message: MutableMapping[str, Any]) -> None:
            # The server stops all that goes on here, closing of logs too, as soon as it hears that.
            if message["type"].startswith("lifespan.shutdown."):
                await self._app.stop()
            await send(message)

        try:
            self._app.start()
        except Exception as error:  # noqa: BLE001 - the server is told of it
            # Left to itself the server would take it that there is nothing to begin, and go on.
            _log.exception("the service cannot begin")
            await send({"type": "lifespan.startup.failed", "message": repr(error)})
            return
        try:
            await self._bentoml(scope, receive, end_then_send)
        finally:
            await self._app.stop()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, "", bodies=self._admission)
        headers = request.headers
        request.request_id = self._id_of(headers.get(b"x-request-id"))
        if self._traced:
            request.trace_id = trace_id_of_span()
        elif b"traceparent" in headers:
            request.trace_id = trace_id_of(headers[b"traceparent"])
        path = request.path
        route = self._exact.get(path) or self._route_with_prefix(path)
        if route is None and _is_of_bentoml(path) and request.method in _ONLY_READ:
            await self._hand_on(request, send)
            return
        request.counted = route is not None and route.scope is not None
        self._app.in_flight += request.counted
        try:
            answer, error = await self._answer_or_refusal(request, route)
            # Before it is sent: how slowly it is read is not the service's time.
            self._app.count(request, route, answer.status, error)
            await self._send(request, route, answer, send)
        finally:
            self._app.in_flight -= request.counted
            self._admission.leave(request)

    async def _answer_or_refusal(
        self, request: Request, route: Route | None
    ) -> tuple[Answer, str | None]:
        try:
            return await self._answer_of(request, route), None
        except Refused as refusal:
            return refusal.answer(request.request_id), refusal.kind
        except Exception:  # noqa: BLE001 - it is logged, and its caller told nothing of it
            _log.exception("internal error", extra=self._app.about(request))
            broken = Refused(
                500, "internal", "Something broke here; the log has it under this request id."
            )
            return broken.answer(request.request_id), broken.kind

    async def _answer_of(self, request: Request, route: Route | None) -> Answer:
        if request.method == "OPTIONS":
            preflight = self._app.cross_origin.preflight(request.method, request.headers)
            if preflight is not None:
                return preflight
        if route is None:
            return self._elsewhere(request.path)
        handler = route.handlers.get(request.method) or _handler_besides(request.method, route)
        if route.scope is None:
            return await handler(request)
        return await self._answer_caller(request, handler, route.scope)

    async def _answer_caller(self, request: Request, handler: Handler, needed: str) -> Answer:
        app = self._app
        self._admission.require_place()
        caller = app.callers.identify(request.scope, request.headers)
        if caller is None:
            caller = await app.callers.identify_later(request.scope, request.headers)
        request.caller = caller
        require(caller, needed)
        standing = app.limits.hit(caller.key)
        if standing is None:
            standing = await app.limits.hit_remotely(caller.key)
        if request.method in _ONLY_READ:
            await self._admission.wait_for_turn()  # others do when their body is there
        answer = await handler(request)
        if standing:
            answer.headers = (*answer.headers, *standing)
        return answer

    def _elsewhere(self, path: str) -> Answer:
        """The answer where nothing is: the way, if only a slash too many was written."""
        if _is_of_bentoml(path):
            raise _only(_ONLY_READ)
        meant = path.removesuffix("/")
        if meant in self._exact:
            # Relative, for a proxy may have put something before all paths.
            there = b"../" + meant.rpartition("/")[2].encode()
            return Answer(b"", status=308, content_type=TEXT, headers=((b"location", there),))
        raise Refused(404, "not_found", "There is nothing here; /docs.json lists the routes.")

    def _route_with_prefix(self, path: str) -> Route | None:
        return next((route for route in self._prefixes if path.startswith(route.path)), None)

    def _id_of(self, given: bytes | None) -> str:
        """The caller's own id for the request, if it is fit to be one, or a new one."""
        if given and len(given) <= _LONGEST_ID and not given.strip(_ID_CHARACTERS):
            return given.decode("ascii")
        self._made += 1
        return f"{self._first_half}{self._made:08x}"

    async def _hand_on(self, request: Request, send: Send) -> None:
        status = 500

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                name = (b"x-request-id", request.request_id.encode())
                message["headers"] = [*message["headers"], name, *DOCS_HEADERS]
            await send(message)

        try:
            await self._bentoml(request.scope, request.receive, send_with_headers)
        finally:
            self._app.count(request, None, status, None)

    async def _send(
        self, request: Request, route: Route | None, answer: Answer, send: Send
    ) -> None:
        headers = [
            (b"x-request-id", request.request_id.encode()),
            *answer.headers,
            *self._app.cross_origin.headers(request.headers),
            *(route.headers if route else API_HEADERS),
        ]
        # Of a 304 these would be those of the whole file, and a 204 has none.
        if answer.status not in _WITHOUT_CONTENT:
            headers += [
                (b"content-type", answer.content_type),
                (b"content-length", b"%d" % len(answer.body)),
            ]
        if not await self._admission.send(request, answer, headers, send):
            _log.warning("an answer was not read in time", extra=self._app.about(request))


def _is_of_bentoml(path: str) -> bool:
    return path in _OF_BENTOML_EXACTLY or path.startswith(_OF_BENTOML)


def _handler_besides(method: str, route: Route) -> Handler:
    """For a method that the route does not name itself."""
    readable = "GET" in route.handlers
    if method == "HEAD" and readable:
        return route.handlers["GET"]
    raise _only((*route.handlers, "HEAD") if readable else tuple(route.handlers))


def _only(methods: tuple[str, ...]) -> Refused:
    allowed = ", ".join(methods)
    return Refused(
        405,
        "method_not_allowed",
        f"This takes {allowed}.",
        headers=((b"allow", allowed.encode()),),
    )
