"""Looking up passengers' features in the online store, through Feast's feature server.

What is not usable is refused with 503, and what was wrong is in the log, once. What becomes of
the features is for others.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from bento_service.circuit import Circuit
from bento_service.http import Refused
from titanic_model.features import FEATURE_VERSION, FEATURES
from titanic_model.online import (
    FEATURE_VIEW,
    PASSENGER_ID,
    ROWS_FIELD,
    VERSION_FIELD,
    WRITES_VIEW,
    WRITTEN_AT_FIELD,
    WRITTEN_VIEW,
)

Vector = NDArray[np.float32]

_CONNECTIONS = 16
_PAUSE_SECONDS = 0.5
_SHOWN_CHARACTERS = 300
_LARGEST = float(np.finfo(np.float32).max)
_PASSENGER_FIELDS = (VERSION_FIELD, *FEATURES)
_WRITES_FIELDS = (VERSION_FIELD, ROWS_FIELD, WRITTEN_AT_FIELD)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoreStatus:
    """What the online store says of itself. `problem` says why it is of no use, if it is not."""

    reachable: bool
    rows: int | None = None
    age_seconds: float | None = None
    feature_version: int | None = None
    problem: str | None = None


class Unanswered(Exception):
    """The feature server was not reached, or took too long."""


class Unusable(Exception):
    """The feature server answered something that is of no use here."""

    def __init__(self, problem: str, said: str = "") -> None:
        super().__init__(problem)
        self.said = said  # by the server: for the log only, for it may name hosts and files


class OnlineFeatures:
    """The features of passengers by their ids, from the feature server at `url`."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._circuit = Circuit(_PAUSE_SECONDS, timeout_seconds + _PAUSE_SECONDS)
        self._complaint: str | None = None
        address = httpx.URL(url)
        self._client = httpx.AsyncClient(
            # The password goes into a header only: an address is easily logged, a header is not.
            base_url=address.copy_with(userinfo=b""),
            auth=(address.username, address.password) if address.userinfo else None,
            timeout=timeout_seconds,
            limits=httpx.Limits(
                max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS
            ),
            # A proxy of this machine is for the world outside.
            trust_env=False,
        )

    async def lookup(self, ids: Sequence[int]) -> list[Vector | None]:
        """The features of each of these passengers, None for one that is not known."""
        try:
            columns = await self._read(FEATURE_VIEW, _PASSENGER_FIELDS, PASSENGER_ID, ids)
            vectors = _vectors(columns)
        except Unanswered as error:
            self._complain(str(error))
            raise _refused("The feature store does not answer.") from None
        except Unusable as error:
            self._complain(f"{error} {error.said}".strip())
            raise _refused(f"The feature store is of no use now: {error}.") from None
        if self._complaint:
            _log.warning("the feature store can be used again")
            self._complaint = None
        return vectors

    async def status(self) -> StoreStatus:
        """How the online store is; never raises."""
        try:
            columns = await self._read(WRITES_VIEW, _WRITES_FIELDS, WRITTEN_VIEW, [FEATURE_VIEW])
            return _status(columns)
        except Unanswered as error:
            return StoreStatus(reachable=False, problem=str(error))
        except Unusable as error:
            return StoreStatus(reachable=True, problem=str(error))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _read(
        self, view: str, fields: Sequence[str], key: str, keys: Sequence[int | str]
    ) -> dict[str, list[Any]]:
        """These fields of a view, a column each with one value for each of the keys."""
        answer = await self._ask(
            {"features": [f"{view}:{field}" for field in fields], "entities": {key: list(keys)}}
        )
        if answer.status_code != httpx.codes.OK:
            raise Unusable(f"it answers {answer.status_code}", answer.text[:_SHOWN_CHARACTERS])
        try:
            columns = _columns(answer.json(), len(keys))
            if columns[key] == list(keys):
                return {field: columns[field] for field in fields}
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise Unusable(f"its answer cannot be read ({error!r:.100})") from None
        raise Unusable(f"it answers for another {key} than it was asked for")

    async def _ask(self, question: Mapping[str, Any]) -> httpx.Response:
        if not self._circuit.admits():
            raise Unanswered(self._complaint or "it did not answer a moment ago")
        try:
            # httpx limits each wait for the next piece, not the whole.
            async with asyncio.timeout(self._timeout):
                answer = await self._post(question)
        except TimeoutError:
            self._circuit.failed()
            raise Unanswered(f"no answer within {self._timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._circuit.failed()
            raise Unanswered(f"{type(error).__name__}: {error}") from None
        self._circuit.answered()
        return answer

    async def _post(self, question: Mapping[str, Any]) -> httpx.Response:
        try:
            return await self._client.post("get-online-features", json=question)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # A kept connection may have outlived its server; its successor is there already.
            return await self._client.post("get-online-features", json=question)

    def _complain(self, complaint: str) -> None:
        """Log what is wrong, once for as long as it lasts."""
        if complaint != self._complaint:
            _log.error("no predictions by passenger id: feature store: %s", complaint)
            self._complaint = complaint


def _columns(answer: Any, rows: int) -> dict[str, list[Any]]:
    """Feast's answer by the names of its columns; None where it has no value."""
    names, results = answer["metadata"]["feature_names"], answer["results"]
    columns = {}
    for name, result in zip(names, results, strict=True):
        values = [
            value if status == "PRESENT" else None
            for value, status in zip(result["values"], result["statuses"], strict=True)
        ]
        if len(values) != rows:
            raise ValueError(f"{len(values)} values of {name} for {rows} rows")
        columns[name] = values
    return columns


def _vectors(columns: Mapping[str, list[Any]]) -> list[Vector | None]:
    numbers = [[_number(value) for value in columns[feature]] for feature in FEATURES]
    vectors: list[Vector] = list(np.array(numbers, dtype=np.float32).T.copy())
    known = [not np.isnan(vector).all() for vector in vectors]
    wrong = {
        version
        for version, is_known in zip(columns[VERSION_FIELD], known, strict=True)
        if is_known and version != FEATURE_VERSION
    }
    if wrong:
        raise Unusable(_wrong_version(", ".join(map(str, wrong))))
    return [vector if is_known else None for vector, is_known in zip(vectors, known, strict=True)]


def _status(columns: Mapping[str, list[Any]]) -> StoreStatus:
    version, rows, written_at = (_number(columns[field][0]) for field in _WRITES_FIELDS)
    if any(map(math.isnan, (version, rows, written_at))):
        return StoreStatus(reachable=True, problem="nothing has been written to it yet")
    return StoreStatus(
        reachable=True,
        rows=int(rows),
        age_seconds=round(max(0.0, time.time() - written_at), 1),
        feature_version=int(version),
        problem=None if version == FEATURE_VERSION else _wrong_version(f"{version:g}"),
    )


def _number(value: Any) -> float:
    if value is None or value == "NaN":
        return math.nan
    if type(value) not in (int, float) or abs(value) > _LARGEST:
        raise Unusable(f"it has {value!r:.30} where a number belongs")
    return float(value)


def _wrong_version(version: str) -> str:
    return (
        f"it has features of version {version}, needed are those of version {FEATURE_VERSION}, "
        "which a run of online_features writes"
    )


def _refused(message: str) -> Refused:
    return Refused(
        503,
        "features_unavailable",
        f"{message} Predictions from a passenger's own fields work as ever.",
        headers=((b"retry-after", b"1"),),
    )
