"""Who is the same passenger, and who is held out."""

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titanic_model.identity import held_out, normalised, passenger_keys
from titanic_model.schemas import PACKAGED_LIST


def keys(names, tickets, *, source="list", ids=None):
    rows = len(names)
    return passenger_keys(
        pa.array(names, pa.string()),
        pa.array(tickets, pa.string()),
        pa.array([source] * rows),
        pa.array(ids or [None] * rows, pa.string()),
        pa.array(range(2, rows + 2)),
    ).to_pylist()


@pytest.fixture(scope="module")
def packaged():
    table = pyarrow.csv.read_csv(PACKAGED_LIST)
    text = {name: table[name].cast(pa.string()).combine_chunks() for name in ("name", "ticket")}
    unknown = pa.nulls(table.num_rows, pa.string())
    lines = pa.array(range(table.num_rows))
    return normalised(text["ticket"]), passenger_keys(
        text["name"], text["ticket"], unknown, unknown, lines
    )


def test_every_passenger_of_the_packaged_list_is_somebody_else(packaged):
    _, all_keys = packaged
    assert len(set(all_keys.to_pylist())) == 1309


def test_punctuation_case_and_blanks_do_not_make_another_passenger():
    first, second = keys(["Kelly, Mr. James", " KELLY  Mr James "], ["A/5 1", "a5  1"])
    assert first.split("|")[0] == second.split("|")[0] == "kelly mr james"
    assert keys(["Kelly, Mr. James"], ["A/5 1"]) == keys(["kelly mr james"], ["a.5-1"])


def test_namesakes_on_different_tickets_are_two_passengers():
    first, second = keys(["Kelly, Mr. James", "Kelly, Mr. James"], ["330911", "363592"])
    assert first != second


def test_without_a_name_the_source_and_its_id_say_who_it_is():
    assert keys([None], ["1"], ids=["7"]) == keys([""], ["2"], ids=["7"]) == ["list#id7"]
    assert keys([None], [None], source="other", ids=["7"]) == ["other#id7"]


def test_without_a_name_and_an_id_a_row_equals_nobody():
    first, second = keys([None, None], ["1", "1"])
    assert first != second


def test_letters_beyond_ascii_are_letters():
    assert normalised(pa.array(["Åsa, Miss. Élise", None])).to_pylist() == ["åsa miss élise", ""]


def test_plain_and_accented_lists_normalise_plain_names_alike():
    plain = normalised(pa.array(["O'Brien, Mr. T."])).to_pylist()
    beside_accents = normalised(pa.array(["O'Brien, Mr. T.", "É"])).to_pylist()
    assert plain[0] == beside_accents[0] == "o brien mr t"


@given(st.lists(st.none() | st.text(" \t,.-'()aBz09", max_size=12)), st.integers(0, 5))
def test_plain_texts_normalise_the_same_by_whichever_way(texts, start):
    quickly = normalised(pa.array(texts, pa.string()).slice(start)).to_pylist()
    # One letter beyond ASCII sends all its neighbours the other way.
    assert quickly == normalised(pa.array([*texts, "É"]).slice(start)).to_pylist()[: len(quickly)]


def test_about_a_fifth_is_held_out_and_families_stay_together(packaged):
    tickets, all_keys = packaged
    sides = held_out(tickets, all_keys).to_pylist()
    assert 0.15 < sum(sides) / len(sides) < 0.25
    by_ticket = {}
    for ticket, side in zip(tickets.to_pylist(), sides, strict=True):
        by_ticket.setdefault(ticket, set()).add(side)
    assert all(len(side) == 1 for side in by_ticket.values())


def test_nobody_changes_sides_when_others_arrive(packaged):
    tickets, all_keys = packaged
    alone = held_out(tickets.slice(100, 1), all_keys.slice(100, 1)).to_pylist()
    assert alone[0] == held_out(tickets, all_keys).to_pylist()[100]


def test_without_tickets_the_passengers_themselves_are_spread():
    sides = held_out(pa.array([""] * 1000), pa.array([f"p{i}" for i in range(1000)]))
    assert 120 < sum(sides.to_pylist()) < 280
