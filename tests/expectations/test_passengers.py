"""First sightings and numbers, against the plainest possible way to do the same."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from expectations.passengers import (
    GREATEST_OWN_ID,
    PassengerNumbers,
    SeenPassengers,
    Sighting,
)


def in_chunks(values, sizes):
    start = 0
    for size in [*sizes, len(values)]:
        yield start, values[start : start + size]
        start += size


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.lists(st.integers(0, 7), max_size=5))
def test_a_repeat_is_traced_to_the_first_sighting_however_the_rows_are_cut(keys, sizes):
    seen, found = SeenPassengers(), {}
    for start, chunk in in_chunks(keys, sizes):
        lines = np.arange(start, start + len(chunk))
        where = Sighting(lines % 3, lines, lines % 2)
        again, first = seen.add(pa.array(chunk, pa.string()), where)
        places = zip(again.tolist(), first.batch, first.line, first.label, strict=True)
        for place, batch, line, label in places:
            found[start + place] = (batch, line, label)
    expected = {
        place: ((first := keys.index(key)) % 3, first, first % 2)
        for place, key in enumerate(keys)
        if keys.index(key) < place
    }
    assert found == expected
    assert list(found) == sorted(found)


def plainly(wanted):
    given_out, highest = [], 0
    for number in wanted:
        free = 0 < number <= GREATEST_OWN_ID and number not in given_out
        given_out.append(number if free else highest + 1)
        highest = max(highest, given_out[-1])
    return given_out


@given(
    st.lists(st.one_of(st.integers(-1, 12), st.sampled_from([2**31 - 1, 2**31])), max_size=20),
    st.lists(st.integers(0, 7), max_size=5),
)
def test_numbers_are_given_in_the_order_of_the_rows_however_they_are_cut(wanted, sizes):
    numbers = PassengerNumbers()
    given_out = [
        number
        for _, chunk in in_chunks(wanted, sizes)
        for number in numbers.assign(np.array(chunk, dtype=np.int64)).tolist()
    ]
    assert given_out == plainly(wanted)
    assert len(set(given_out)) == len(given_out)
