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

from bento_service.app import App
from bento_service.guard.callers import require
from bento_service.guard.headers import API_HEADERS, DOCS_HEADERS
from bento_service.http import Answer, AsgiApp, Receive, Refused, Request, Scope, Send
from bento_service.routes import Handler, Route

_log = logging.getLogger("bento_service")

_OF_BENTOML = ("/static_content/", "/assets/")
_OF_BENTOML_EXACTLY = ("/", "/schema.json")
_ID_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_LONGEST_ID = 64


class Front:
    """The ASGI application that a worker serves."""

    def __init__(self, app: App, bentoml: AsgiApp) -> None:
        self._app = app
        self._bentoml = bentoml
        self._exact = {route.path: route for route in app.routes if not route.is_prefix}
        self._prefixes = [route for route in app.routes if route.is_prefix]
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
        """Begin before BentoML says that it is ready, and end after it has ended."""
        self._app.start()
        try:
            await self._bentoml(scope, receive, send)
        finally:
            await self._app.stop()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        route = self._exact.get(path) or self._route_with_prefix(path)
        if route is None and (path in _OF_BENTOML_EXACTLY or path.startswith(_OF_BENTOML)):
            await self._hand_on(scope, receive, send)
            return
        request = Request(scope, receive, "")
        request.request_id = self._id_of(request)
        self._app.in_flight += 1
        error = None
        try:
            answer = await self._answer_of(request, route)
        except Refused as refusal:
            error = refusal.kind
            answer = refusal.answer(request.request_id)
        except Exception:  # noqa: BLE001 - it is logged, and its caller told nothing of it
            error = "internal"
            _log.exception("internal error", extra={"request_id": request.request_id})
            answer = Refused(
                500, error, "Something broke here; the log has it under this request id."
            ).answer(request.request_id)
        finally:
            self._app.in_flight -= 1
        await self._send(request, route, answer, send)
        self._app.count(request, route, answer, error)

    async def _answer_of(self, request: Request, route: Route | None) -> Answer:
        preflight = self._app.cross_origin.preflight(request.method, request.headers)
        if preflight is not None:
            return preflight
        if route is None:
            raise Refused(404, "not_found", "There is nothing here; /docs.json lists the routes.")
        handler = self._handler_of(request, route)
        if route.scope is None:
            return await handler(request)
        if self._app.in_flight > self._app.most_in_flight:
            raise Refused(
                429,
                "overloaded",
                "Too many requests are being answered at once: try again in a second.",
                headers=((b"retry-after", b"1"),),
            )
        caller = self._app.callers.identify(request.scope, request.headers)
        if caller is None:
            caller = await self._app.callers.identify_later(request.scope, request.headers)
        request.caller = caller
        require(caller, route.scope)
        standing = self._app.limits.hit(caller.key)
        if standing is None:
            standing = await self._app.limits.hit_remotely(caller.key)
        answer = await handler(request)
        answer.headers = (*answer.headers, *standing)
        return answer

    def _handler_of(self, request: Request, route: Route) -> Handler:
        handler = route.handlers.get(request.method)
        if handler is None and request.method == "HEAD":
            handler = route.handlers.get("GET")
        if handler is None:
            allowed = ", ".join(route.handlers)
            raise Refused(
                405,
                "method_not_allowed",
                f"This takes {allowed}.",
                headers=((b"allow", allowed.encode()),),
            )
        return handler

    def _route_with_prefix(self, path: str) -> Route | None:
        return next((route for route in self._prefixes if path.startswith(route.path)), None)

    def _id_of(self, request: Request) -> str:
        """The caller's own id for the request, if it is fit to be one, or a new one."""
        given = request.headers.get(b"x-request-id")
        if given and len(given) <= _LONGEST_ID and not given.strip(_ID_CHARACTERS):
            return given.decode("ascii")
        self._made += 1
        return f"{self._first_half}{self._made:08x}"

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *DOCS_HEADERS]
            await send(message)

        await self._bentoml(scope, receive, send_with_headers)

    async def _send(
        self, request: Request, route: Route | None, answer: Answer, send: Send
    ) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (b"content-type", answer.content_type),
                    (b"content-length", b"%d" % len(answer.body)),
                    (b"x-request-id", request.request_id.encode()),
                    *answer.headers,
                    *self._app.cross_origin.headers(request.headers),
                    *(route.headers if route else API_HEADERS),
                ],
            }
        )
        body = b"" if request.method == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})
