"""What chance alone does to counts: how large a chi-square it makes, without scipy."""

from __future__ import annotations

import math
from statistics import NormalDist


def chi_square_quantile(probability: float, freedom: int) -> float:
    """Below what a chi-square of so many degrees of freedom stays with this probability.

    Wilson and Hilferty's approximation, at 0.999 at most 3 % above the exact value.

    >>> round(chi_square_quantile(0.999, 10), 1)  # exactly 29.588
    29.7
    """
    if freedom < 1:
        return 0.0
    spread = 2 / (9 * freedom)
    return freedom * (1 - spread + NormalDist().inv_cdf(probability) * math.sqrt(spread)) ** 3
