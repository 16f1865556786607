"""Events as the lines of the log, made by hand because a model of pydantic costs ten times that.

The fields are those of `titanic_model.events`; the input comes last, for it is ready-made JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring as _quote

from pydantic_core import to_json

from titanic_model.contract import Passenger
from titanic_model.events import Variant, Way

_to_json = Passenger.__pydantic_serializer__.to_json
_JSON = {True: "true", False: "false"}


def prediction_line(
    time: float,
    request_id: str,
    trace_id: str,
    caller: str,
    on_behalf_of: str,
    way: Way,
    passenger_id: int | None,
    passenger: Passenger | bytes,
    variant: Variant,
    model_version: str,
    probability: float,
    *,
    survived: bool,
    served: bool,
    latency_ms: float,
) -> bytes:
    """The line of one prediction. The passenger is a validated one, or the JSON of one."""
    known = "" if passenger_id is None else f'"passenger_id":{passenger_id},'
    behalf = f'"on_behalf_of":{_quote(on_behalf_of)},' if on_behalf_of else ""
    head = (
        f'{{"kind":"prediction","time":{time:.6f},"request_id":{_quote(request_id)},'
        f'"trace_id":{_quote(trace_id)},"caller":{_quote(caller)},{behalf}"way":"{way}",{known}'
        f'"variant":"{variant}","model_version":{_quote(model_version)},'
        f'"probability":{probability},"survived":{"true" if survived else "false"},'
        f'"served":{"true" if served else "false"},"latency_ms":{latency_ms:.3f},"input":'
    )
    body = passenger if isinstance(passenger, bytes) else _to_json(passenger)
    return b"%b%b}\n" % (_utf8(head), body)


def batch_lines(
    time: float,
    request_id: str,
    trace_id: str,
    caller: str,
    on_behalf_of: str,
    way: Way,
    answers: Iterable[tuple[int, Passenger | bytes, float, bool]],
    variant: Variant,
    model_version: str,
    *,
    served: bool,
    latency_ms: float,
) -> bytes:
    """The lines of a batch: of each answered row its number, passenger, probability, survived."""
    behalf = f'"on_behalf_of":{_quote(on_behalf_of)},' if on_behalf_of else ""
    head = _utf8(
        f'{{"kind":"prediction","time":{time:.6f},"trace_id":{_quote(trace_id)},'
        f'"caller":{_quote(caller)},{behalf}"way":"{way}","variant":"{variant}",'
        f'"model_version":{_quote(model_version)},"served":{_JSON[served]},'
        f'"latency_ms":{latency_ms:.3f},"request_id":{_quote(request_id)[:-1]}.'
    )
    table = list(zip(*answers, strict=True))
    if not table:
        return b""
    rows, passengers, probabilities, survived = table
    return b"".join(
        [
            b'%b%d","probability":%b,"survived":%b,"input":%b}\n'
            % (
                head,
                row,
                probability,
                b"true" if lives else b"false",
                passenger if isinstance(passenger, bytes) else _to_json(passenger),
            )
            for row, passenger, probability, lives in zip(
                rows, passengers, _numbers(probabilities), survived, strict=True
            )
        ]
    )


def outcome_line(time: float, request_id: str, caller: str, *, survived: bool) -> bytes:
    """The line of what really became of a passenger."""
    return _utf8(
        f'{{"kind":"outcome","time":{time:.6f},"request_id":{_quote(request_id)},'
        f'"caller":{_quote(caller)},"survived":{_JSON[bool(survived)]}}}\n'
    )


def _numbers(values: Sequence[float]) -> list[bytes]:
    """Each number as JSON; all of them in one call, which is five times as fast."""
    return to_json([float(value) for value in values])[1:-1].split(b",")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, as a token's JSON may name a caller
        return text.encode(errors="replace")
