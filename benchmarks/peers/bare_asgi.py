"""ASGI by hand with ONNX Runtime: no framework, no routes, no errors; about the least there is."""

import gc
from typing import Any

from benchmarks.peers.scoring import answer, score
from titanic_model.contract import Passenger

_read = Passenger.__pydantic_validator__.validate_json


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer whatever is asked as if it were a passenger."""
    if scope["type"] != "http":
        raise RuntimeError("this speaks HTTP only")
    body = answer(score(_read((await receive())["body"])))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


gc.collect()
gc.freeze()
