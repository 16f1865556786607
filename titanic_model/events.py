"""What the service writes down of each prediction and each outcome, one JSON object a line.

The one schema between the service, which writes these lines, and the graph, which reads them.
Times are seconds since 1970, UTC.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from titanic_model.contract import Passenger

Variant = Literal["champion", "challenger"]
Way = Literal["predict", "batch_predict", "predict_all", "explain", "passenger"]


class PredictionEvent(BaseModel):
    """One answer of one model to one passenger."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Annotated[Literal["prediction"], Field(description="`prediction` or `outcome`.")] = (
        "prediction"
    )
    time: Annotated[float, Field(description="Seconds since 1970, UTC.")]
    request_id: Annotated[str, Field(description="In a batch with `.row` behind it.")]
    trace_id: Annotated[str, Field(description="Of the caller's trace, empty without one.")] = ""
    caller: Annotated[str, Field(description="Who asked: a token's subject, or an address.")]
    on_behalf_of: Annotated[
        str,
        Field(
            max_length=128,
            pattern=r"^[ -~]*$",
            description="For whom the caller asked, by X-Caller-Key; empty without one.",
        ),
    ] = ""
    way: Annotated[Way, Field(description="By which route.")]
    passenger_id: Annotated[int | None, Field(description="When looked up by id.")] = None
    input: Annotated[Passenger, Field(description="The passenger, field by field.")]
    variant: Annotated[Variant, Field(description="`champion` or `challenger`.")]
    model_version: Annotated[str, Field(description="The registry's number.")]
    probability: Annotated[float, Field(description="Of survival.")]
    survived: Annotated[bool, Field(description="What was said, or what really happened.")]
    served: Annotated[bool, Field(description="False for a score the caller did not get to see.")]
    latency_ms: Annotated[float, Field(description="From the request's arrival; of a whole batch.")]


class OutcomeEvent(BaseModel):
    """What really became of a passenger for whom there was a prediction.

    It is about the prediction with this request id and this caller: ids can be guessed, or be the
    same of several callers, so whoever joins has to match both. The caller's first word counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["outcome"] = "outcome"
    time: float
    request_id: Annotated[str, Field(description="That of the prediction.")]
    caller: Annotated[str, Field(description="That of the prediction, or the outcome is none.")]
    survived: bool
