"""Passenger lists of any length, in which everybody is somebody else.

Rows are drawn from the packaged list; a running number keeps names and tickets apart, two to a
ticket, so that uniqueness and families cost what they would in a real list of that size.
"""

from pathlib import Path

CHUNK_ROWS = 500_000


def write_synthetic(rows: int, path: Path) -> None:
    """Write `rows` passengers as CSV under titanic3's header."""
    import numpy as np
    import pandas as pd

    from titanic_model.schemas import PACKAGED_LIST

    people = pd.read_csv(PACKAGED_LIST)
    generator = np.random.default_rng(0)
    for start in range(0, rows, CHUNK_ROWS):
        count = min(CHUNK_ROWS, rows - start)
        numbers = pd.Series(np.arange(start, start + count))
        drawn = people.iloc[generator.integers(0, len(people), count)].reset_index(drop=True)
        drawn["name"] = drawn["name"] + " " + numbers.astype(str)
        drawn["ticket"] = drawn["ticket"] + "-" + (numbers // 2).astype(str)
        drawn.to_csv(path, index=False, header=start == 0, mode="w" if start == 0 else "a")
