"""The route by which callers tell what really became of a passenger.

The rule: an outcome is noted once for each request id, and saying the same again is fine. An id
that is not remembered is accepted, for the prediction may be older or another machine's; who
reads the log joins it. So is another caller's, to which it changes nothing: in the log both have
their callers. Another outcome than the one noted is refused.
"""

from __future__ import annotations

import json
import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bento_service.http import Answer, Refused, Request
from bento_service.metrics import Metrics
from bento_service.prediction_log.encoding import outcome_line
from bento_service.prediction_log.log import PredictionLog
from bento_service.reading import PASSENGER_BYTES
from bento_service.recent import RecentPredictions
from bento_service.routes import Route
from bento_service.routes.predicting import require_json


class Outcome(BaseModel):
    """What became of a passenger for whom there was a prediction."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request_id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9._-]{1,80}$",
            description="That of the prediction; for a row of a batch with `.row` behind it.",
        ),
    ]
    survived: Annotated[bool, Field(description="Whether the passenger did survive.")]


class OutcomeRoutes:
    """Outcomes, told one at a time."""

    def __init__(self, recent: RecentPredictions, metrics: Metrics, log: PredictionLog) -> None:
        self._recent = recent
        self._metrics = metrics
        self._log = log

    def routes(self) -> list[Route]:
        """The route of this theme."""
        return [Route("/api/v1/outcomes", {"POST": self.report})]

    async def report(self, request: Request) -> Answer:
        """Note an outcome."""
        require_json(request)
        outcome = _read(await request.body(PASSENGER_BYTES))
        match = self._recent.outcome(request.caller.key, outcome.request_id, outcome.survived)
        if match.contradicts:
            self._metrics.outcomes.labels("contradicting").inc()
            raise Refused(
                409,
                "contradicting_outcome",
                f"The opposite is noted for {outcome.request_id} already, and the first word "
                "counts.",
                field="survived",
            )
        if match.repeated:
            self._metrics.outcomes.labels("repeated").inc()
        else:
            self._metrics.outcomes.labels("known" if match.known else "unknown").inc()
            if not self._log.off:
                self._log.record(
                    outcome_line(
                        time=time.time(),
                        request_id=outcome.request_id,
                        caller=request.caller.key,
                        survived=outcome.survived,
                    ),
                    1,
                )
        said = {"known": match.known, "repeated": match.repeated}
        return Answer(json.dumps({**outcome.model_dump(), **said}).encode())


def _read(body: bytes) -> Outcome:
    try:
        return Outcome.model_validate_json(body)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_context=False)[0]
        if detail["type"] == "json_invalid":
            raise Refused(400, "malformed_json", "The body is not JSON.") from None
        field = str(detail["loc"][0])[:60] if detail["loc"] else None
        raise Refused(
            422,
            "invalid_input",
            f'{field or "the body"}: {detail["msg"]}. An outcome looks like {{"request_id": "…", '
            '"survived": true}.',
            field=field,
        ) from None
