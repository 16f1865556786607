"""Texts are read strictly, and the same whatever stands beside them."""

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expectations.reading import read_numbers, tidy, titles
from titanic_model.features import TITLES, title_code


def read(*texts, whole=False):
    numbers = read_numbers(pa.array(texts, pa.string()), whole=whole)
    return numbers.values.to_pylist(), numbers.readable.tolist(), numbers.missing.tolist()


@pytest.mark.parametrize("text", ["3", "3.0", " 3 ", "3.", "30e-1", "+3", "03", "\t3\n"])
def test_a_number_can_be_written_in_these_ways(text):
    assert read(text, whole=True) == ([3.0], [True], [False])


@pytest.mark.parametrize(
    "text", ["abc", "NaN", "nan", "inf", "-Infinity", "1e999", "1_000", "0x10", "٣", "1,5", "3 4"]
)
def test_this_is_not_a_number(text):
    assert read(text) == ([None], [False], [False])


@pytest.mark.parametrize("text", [None, "", "  ", "\t"])
def test_nothing_is_missing_but_not_unreadable(text):
    assert read(text) == ([None], [True], [True])


def test_a_whole_number_has_no_fraction():
    assert read("2.5", "2", whole=True) == ([None, 2.0], [False, True], [False, False])


number_like = st.one_of(
    st.text(max_size=6),
    st.from_regex(r"\A[ +-]?[0-9._eEnaifx]{0,8}\Z"),
    st.floats().map(str),
    st.integers().map(str),
)


@given(number_like, st.booleans())
@example("nan(1)", True)
@example("0x1p3", True)
@example("1e400", True)
def test_a_text_is_read_the_same_alone_and_among_others(text, whole):
    alone = [column[0] for column in read(text, whole=whole)]
    beside = [column[0] for column in read(text, "abc", "", "7.25", whole=whole)]
    assert alone == beside


def test_blanks_around_a_text_go_and_a_blank_text_is_nothing():
    assert tidy(pa.array([" C85", "", "   ", None, "a b"])).to_pylist() == [
        "C85", None, None, None, "a b",
    ]  # fmt: skip


@given(st.lists(st.one_of(st.none(), st.text("aM,.r s\n"), st.just("Lam, Mr. Ali")), max_size=5))
def test_titles_are_read_as_the_features_read_them(names):
    codes = titles(pa.array(names, pa.string())).codes.tolist()
    assert codes == [title_code(name) for name in names]


def test_all_kinds_of_titles_are_told_apart():
    names = [f"Lam, {title}. Ali" for title in ("Mr", "Mme", "Ms", "Master", "Col")]
    assert list(titles(pa.array(names))) == list(TITLES)
