"""Requests before and after a release went live, from counters that only ever say "so far".

Counters that go back have begun anew with the service; what happened in between is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

from titanic_assets.releasing.health.served import Served

# Looked back so far, in pieces of about this length.
_LOOK_BACK_SECONDS = 1800.0
_PIECE_SECONDS = 60.0


@dataclass(frozen=True)
class Requests:
    """Requests for predictions, and how many of them failed by the service's fault (5xx)."""

    total: int = 0
    failed: int = 0

    @property
    def share(self) -> float:
        """The share that failed."""
        return self.failed / self.total if self.total else 0.0

    def __add__(self, other: Requests) -> Requests:
        """Both together."""
        return Requests(self.total + other.total, self.failed + other.failed)


@dataclass(frozen=True)
class Counted:
    """The counters when last read, and what they rose by lately, piece by piece."""

    at: float
    total: int
    failed: int
    pieces: tuple[tuple[float, int, int], ...] = ()

    @property
    def lately(self) -> Requests:
        """All requests of the last half hour, or since counting began."""
        return sum((Requests(total, failed) for _, total, failed in self.pieces), Requests())

    @property
    def ever(self) -> Requests:
        """All since the service started."""
        return Requests(self.total, self.failed)


def counted(before: Counted | None, served: Served, now: float) -> Counted:
    """The counting, gone on until now."""
    if before is None:
        return Counted(now, served.requests, served.failed)
    rise = Requests(served.requests - before.total, served.failed - before.failed)
    pieces = before.pieces
    if rise.total >= 0 and rise.failed >= 0:
        began, *_ = pieces[-1] if pieces else (before.at,)
        if pieces and now - began <= _PIECE_SECONDS:
            rise += Requests(*pieces[-1][1:])
            pieces = pieces[:-1]
        else:
            began = before.at
        pieces = (*pieces, (began, rise.total, rise.failed))
    recent = tuple(piece for piece in pieces if piece[0] >= now - _LOOK_BACK_SECONDS)
    return Counted(now, served.requests, served.failed, recent)


def anew(so_far: Counted) -> Counted:
    """The counting begun again at what the counters said last."""
    return Counted(so_far.at, so_far.total, so_far.failed)


def passed_over(so_far: Counted | None, served: Served, now: float) -> Counted:
    """The counting, without what the counters rose by since they were read last."""
    pieces = so_far.pieces if so_far else ()
    return Counted(now, served.requests, served.failed, pieces)
