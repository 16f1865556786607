"""The routes for people: the page, its contract, and the documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from bento_service.guard.headers import PAGE_HEADERS
from bento_service.http import Answer, Request
from bento_service.openapi import document, merged
from bento_service.page import PAGE_FILES
from bento_service.routes import Handler, Route
from bento_service.settings import Settings
from titanic_model.contract import FIELDS


class PageRoutes:
    """What a browser asks for. `bentoml` is what BentoML itself documents of the service."""

    def __init__(
        self, settings: Settings, version: str, bentoml: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._settings = settings
        self._version = version
        self._bentoml = bentoml
        self._contract = json.dumps(
            {
                "fields": [
                    {
                        "name": field.name,
                        "kind": field.kind,
                        "required": field.required,
                        "optional": field.optional,
                        "default": field.default,
                        "low": field.low,
                        "high": field.high,
                        "allowed": field.allowed,
                        "max_length": field.max_length,
                        "explanation": field.explanation,
                    }
                    for field in FIELDS
                ]
            }
        ).encode()

    def routes(self) -> list[Route]:
        """The routes of this theme; they say nothing of anybody and are open to everybody."""
        return [
            Route("/api/v1/contract", {"GET": self.contract}, scope=None),
            Route("/docs.json", {"GET": self.documentation}, scope=None),
            *(
                Route(path, {"GET": _handler_of(path)}, scope=None, headers=PAGE_HEADERS)
                for path in PAGE_FILES
            ),
        ]

    async def contract(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """What a passenger is, field by field."""
        return Answer(self._contract)

    async def documentation(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """All routes, ours and BentoML's, as OpenAPI."""
        return Answer(self._document)

    @cached_property
    def _document(self) -> bytes:
        ours = document(self._version, asks_for_tokens=self._settings.asks_for_tokens)
        return json.dumps(merged(ours, self._bentoml())).encode()


def _handler_of(path: str) -> Handler:
    file = PAGE_FILES[path]
    headers = ((b"etag", file.etag),)

    async def handler(request: Request) -> Answer:
        if file.etag in request.headers.get(b"if-none-match", b""):
            return Answer(b"", status=304, content_type=file.content_type, headers=headers)
        return Answer(file.body, content_type=file.content_type, headers=headers)

    return handler
