"""Events as the lines of the log, made by hand because a model of pydantic costs ten times that.

The fields are those of `titanic_model.events`; the input comes last, for it is ready-made JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from json.encoder import encode_basestring as _quote

from pydantic import TypeAdapter
from pydantic_core import to_json

from titanic_model.contract import FIELD_NAMES, Passenger
from titanic_model.events import Variant, Way

_to_json = Passenger.__pydantic_serializer__.to_json
_all_to_json = TypeAdapter(list[Passenger]).dump_json
_JSON = {True: "true", False: "false"}
# How each passenger begins. A text in JSON has no such thing in it: its quotes are escaped, and
# behind the one that ends it comes no name.
_BEGINNING = f'{{"{FIELD_NAMES[0]}":'.encode()


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
    rows: Sequence[int],
    passengers: Sequence[Passenger],
    probabilities: Sequence[float],
    survived: Sequence[bool],
    variant: Variant,
    model_version: str,
    *,
    served: bool,
    latency_ms: float,
) -> bytes:
    """The lines of a batch; all at once is quicker than one by one."""
    if not rows:
        return b""
    behalf = f'"on_behalf_of":{_quote(on_behalf_of)},' if on_behalf_of else ""
    head = _utf8(
        f'{{"kind":"prediction","time":{time:.6f},"trace_id":{_quote(trace_id)},'
        f'"caller":{_quote(caller)},{behalf}"way":"{way}","variant":"{variant}",'
        f'"model_version":{_quote(model_version)},"served":{_JSON[served]},'
        f'"latency_ms":{latency_ms:.3f},"request_id":{_quote(request_id)[:-1]}.'
    )
    said = {
        lives: f',"survived":{word},"input":'.encode() + _BEGINNING for lives, word in _JSON.items()
    }
    many = len(rows)
    lines = zip(
        repeat(head, many),
        _numbers(rows),
        repeat(b'","probability":', many),
        _numbers([float(probability) for probability in probabilities]),
        [said[lives] for lives in survived],
        _all_to_json(list(passengers))[1 + len(_BEGINNING) : -1].split(b"," + _BEGINNING),
        repeat(b"}\n", many),
        strict=True,
    )
    return b"".join(chain.from_iterable(lines))


def outcome_line(time: float, request_id: str, caller: str, *, survived: bool) -> bytes:
    """The line of what really became of a passenger."""
    return _utf8(
        f'{{"kind":"outcome","time":{time:.6f},"request_id":{_quote(request_id)},'
        f'"caller":{_quote(caller)},"survived":{_JSON[bool(survived)]}}}\n'
    )


def _numbers(values: Sequence[float]) -> list[bytes]:
    """Each number as JSON."""
    return to_json(values)[1:-1].split(b",")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, as a token's JSON may name a caller
        return text.encode(errors="replace")
