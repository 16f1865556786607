"""The routes for people: the page, its contract, and the documentation."""

from __future__ import annotations

import json

from bento_service.http import Answer, Request
from bento_service.routes import Route
from bento_service.settings import Settings
from titanic_model.contract import FIELDS


class PageRoutes:
    """What a browser asks for."""

    def __init__(self, settings: Settings) -> None:
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
        return [Route("/api/v1/contract", {"GET": self.contract}, scope=None)]

    async def contract(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """What a passenger is, field by field."""
        return Answer(self._contract)
