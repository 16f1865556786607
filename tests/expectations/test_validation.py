"""What becomes of whole lists: nothing is lost, order holds, chunks do not matter."""

import gc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.batch_rules import Policy
from expectations.reading import Chunk
from expectations.validation import WrongTable, validate
from expectations.verdict import RowsLost, Verdict
from titanic_model.schemas import QUARANTINE_SCHEMA, VALIDATED_SCHEMA


def test_the_packaged_list_is_kept_whole_and_numbered_by_row(judge, titanic3):
    judged = judge(titanic3)
    assert judged.verdict.accepted
    assert judged.verdict.warnings == ()
    assert judged.quarantined == []
    assert [passenger["passenger_id"] for passenger in judged.kept] == list(range(1, 1310))
    (profile,) = judged.verdict.batches
    assert (profile.rows, profile.kept, profile.valid_rows) == (1309, 1309, 1309)
    assert profile.label_mean == pytest.approx(500 / 1309)
    missing = {name: round(share * 1309) for name, share in profile.missing_shares if share}
    assert missing == {"age": 263, "fare": 1, "cabin": 1014, "embarked": 2}
    assert judged.verdict.missing_shares == dict(profile.missing_shares)


def test_the_tables_have_the_agreed_columns(tmp_path, batch, row):
    kept, quarantined = tmp_path / "new" / "k.parquet", tmp_path / "q.parquet"
    validate([batch([row(1), row(1)])], kept, quarantined)
    assert pq.read_schema(kept).equals(VALIDATED_SCHEMA)
    assert pq.read_schema(quarantined).equals(QUARANTINE_SCHEMA)
    assert {path.name for path in tmp_path.iterdir()} == {"new", "q.parquet"}


def test_values_arrive_in_the_types_of_the_contract(judge, row):
    (passenger,) = judge([row(age=" 0.9167", pclass="3.0", sibsp=None, cabin=" C85 ")]).kept
    assert passenger["age"] == 0.9167
    assert passenger["pclass"] == 3
    assert passenger["sibsp"] == 0
    assert passenger["cabin"] == "C85"
    assert passenger["passenger_key"] == "braund mr owen 1|a 5 1"


def test_a_passenger_listed_again_is_put_aside_and_not_bad(judge, row):
    judged = judge(
        [row(1), row(2), row(1, source="late.csv", source_line=9, name="BRAUND Mr Owen 1")]
    )
    (again,) = judged.quarantined
    assert again["rules"] == ["unique_passenger"]
    assert again["reasons"] == "the same passenger as in list.csv line 2"
    assert judged.verdict.accepted
    assert (judged.verdict.bad, judged.verdict.duplicates) == (0, 1)


def test_a_repeat_with_another_label_is_said_to_contradict(judge, row):
    judged = judge([row(1), row(1, survived="1", source_line=7)])
    (again,) = judged.quarantined
    assert again["reasons"] == (
        "the same passenger as in list.csv line 2, and contradicts it: survived 0 there, 1 here"
    )
    assert judged.kept[0]["survived"] == 0


def test_a_bad_row_does_not_stand_in_the_way_of_the_good_one_after_it(judge, row, lenient):
    judged = judge([row(1, age="x"), row(1, source_line=3)], policy=lenient)
    assert [passenger["source_line"] for passenger in judged.kept] == [3]
    assert [refused["rules"] for refused in judged.quarantined] == [["age_type"]]


def test_without_a_name_the_source_and_its_id_tell_passengers_apart(judge, row):
    nameless = {"name": None, "source": "a.csv"}
    judged = judge(
        [
            row(1, **nameless, source_id="5"),
            row(2, **nameless, source_id="6"),
            row(3, **nameless, source_id=" 5 "),
            row(4, name=None, source="b.csv", source_id="5"),
        ]
    )
    assert [refused["source_line"] for refused in judged.quarantined] == [4]


def test_a_kaggle_list_keeps_its_own_numbers(judge, row):
    judged = judge([row(1, source_id="892"), row(2, source_id="1.0"), row(3, source_id=" 7")])
    assert [passenger["passenger_id"] for passenger in judged.kept] == [892, 1, 7]


def test_a_taken_or_useless_id_gives_way_to_the_next_free_number(judge, row):
    first = [row(number) for number in (1, 2)]
    landed = [
        row(number, source="landed.csv", source_digest="d2", source_id=own)
        for number, own in ((3, "2"), (4, None), (5, "17"), (6, "A-1"), (7, "99999999999"))
    ]
    judged = judge([*first, *landed])
    assert [passenger["passenger_id"] for passenger in judged.kept] == [1, 2, 3, 4, 17, 18, 19]
    assert judged.kept[2]["source_id"] == "2"


def test_a_row_number_counts_the_bad_rows_too(judge, row, lenient):
    judged = judge([row(1), row(2, age="x"), row(3)], policy=lenient, chunk_rows=1)
    assert [passenger["passenger_id"] for passenger in judged.kept] == [1, 3]


def test_too_many_bad_rows_refuse_their_source_alone(judge, row):
    good = [row(number) for number in range(1, 41)]
    mostly_bad = [
        row(number, source="bad.csv", source_digest="d2", age="x" if number % 2 else "1")
        for number in range(41, 61)
    ]
    verdict = judge([*good, *mostly_bad]).verdict
    assert not verdict.accepted
    assert [profile.source for profile in verdict.refused] == ["bad.csv"]
    assert (
        "bad.csv is refused: 10 of its 20 rows are bad (50.0%), allowed are 5%" in verdict.message
    )
    assert "Rules broken most: age_type 10" in verdict.message


def test_the_limit_itself_is_still_allowed(judge, row):
    rows = [row(number) for number in range(1, 20)]
    at_the_limit = judge([*rows, row(20, age="x")]).verdict
    assert at_the_limit.accepted
    above = judge([*rows, row(20, age="x"), row(21, age="x")]).verdict
    assert not above.accepted


def test_a_source_without_a_good_row_is_refused_whatever_the_limit(judge, row):
    verdict = judge([row(1, age="x")], policy=Policy(bad_share_limit=1)).verdict
    assert verdict.refused[0].refused_because == ("no row of it is valid",)


def test_duplicates_never_refuse_but_many_of_them_warn(judge, row):
    rows = [row(number % 3, source_line=number) for number in range(30)]
    verdict = judge(rows).verdict
    assert verdict.accepted
    assert "list.csv: 27 of its 30 rows repeat known passengers (90%)" in verdict.warnings


def test_two_files_of_one_name_are_two_sources(judge, row):
    verdict = judge([row(1), row(2, source_digest="d2"), row(3)], chunk_rows=3).verdict
    assert [(profile.digest, profile.rows) for profile in verdict.batches] == [("d1", 2), ("d2", 1)]


def test_an_unlikely_share_of_survivors_warns_from_thirty_rows(judge, row):
    few = judge([row(number) for number in range(29)]).verdict
    assert few.warnings == ()
    many = judge([row(number) for number in range(30)]).verdict
    assert many.warnings == ("list.csv: 0% of its passengers survived",)
    assert many.accepted


def test_a_field_that_is_mostly_missing_warns(judge, row):
    verdict = judge([row(1, fare=None), row(2, fare=" "), row(3)]).verdict
    assert verdict.warnings == ("list.csv: fare is missing in 67% of its rows",)


def test_a_refused_validation_leaves_the_kept_table_as_it_was(tmp_path, batch, row):
    kept, quarantined = tmp_path / "kept.parquet", tmp_path / "quarantined.parquet"
    validate([batch([row(1), row(2)])], kept, quarantined)
    before = kept.read_bytes()
    assert not validate([batch([row(3), row(4, age="x")])], kept, quarantined).accepted
    assert kept.read_bytes() == before
    assert pq.read_table(quarantined).num_rows == 1


def test_a_judged_chunk_does_not_stay_in_memory(judge, row, lenient):
    rows = [row(1, age="200"), row(2, sex="female"), row(3)]
    gc.disable()
    try:
        judge(rows, policy=lenient)
        assert [each for each in gc.get_objects() if isinstance(each, Chunk)] == []
    finally:
        gc.enable()


def test_an_interrupted_validation_leaves_nothing_behind(tmp_path, batch, row):
    def broken_off():
        yield batch([row(1)])
        raise ConnectionError

    with pytest.raises(ConnectionError):
        validate(broken_off(), tmp_path / "k.parquet", tmp_path / "q.parquet", chunk_rows=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batches", [[], [[]]])
def test_no_row_at_all_is_refused_with_what_to_do(tmp_path, batch, batches):
    tables = [batch(rows) for rows in batches]
    verdict = validate(tables, tmp_path / "k.parquet", tmp_path / "q.parquet")
    assert not verdict.accepted
    assert "There is not one row to validate" in verdict.message
    assert not (tmp_path / "k.parquet").exists()


def test_a_table_that_is_not_raw_is_named_as_such(tmp_path, batch, row):
    raw = batch([row()])
    typed = raw.set_column(0, pa.field("source_id", pa.int64()), pa.array([1]))
    for wrong in (raw.drop_columns(["sex"]), typed):
        with pytest.raises(WrongTable, match="not a raw passenger table"):
            validate([wrong], tmp_path / "k.parquet", tmp_path / "q.parquet")


def test_a_verdict_whose_rows_do_not_add_up_is_an_error(judge, row):
    verdict = judge([row()]).verdict
    facts = {name: getattr(verdict, name) for name in Verdict.__dataclass_fields__}
    with pytest.raises(RowsLost, match="1 rows came in, but 0 were kept"):
        Verdict(**(facts | {"rows_kept": 0}))


messy = st.fixed_dictionaries(
    {},
    optional={
        "survived": st.sampled_from(["1", None, "yes"]),
        "pclass": st.sampled_from(["1", "2.0", "9", ""]),
        "age": st.sampled_from([None, " 3", "abc", "130", "nan"]),
        "sex": st.sampled_from(["female", " male", "m"]),
        "name": st.sampled_from([None, "Rice, Master. Eugene", "Ünal, Mrs. Ö", "x" * 201]),
        "ticket": st.sampled_from(["1", "2", None]),
        "source": st.sampled_from(["list.csv", "other.csv"]),
        "source_id": st.sampled_from(["1", "2", "x", None]),
        "unreadable": st.just("3,0"),
    },
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(messy, min_size=1, max_size=7), st.integers(2, 4), st.integers(0, 7))
def test_no_row_is_lost_or_moved_however_the_list_is_cut(judge, row, changes, chunk_rows, cut):
    rows = [row(number, **change) for number, change in enumerate(changes, start=1)]
    policy = Policy(bad_share_limit=1)
    whole = judge(rows, policy=policy)
    in_pieces = judge(rows, policy=policy, chunk_rows=chunk_rows, cut=min(cut, len(rows)))
    assert in_pieces == whole
    quarantined = [refused["source_line"] for refused in whole.quarantined]
    assert whole.verdict.rows_in == len(rows)
    assert whole.verdict.rows_quarantined == len(quarantined)
    assert quarantined == sorted(quarantined)
    for refused in whole.quarantined:
        assert {name: refused[name] for name in rows[0]} == rows[refused["source_line"] - 2]
        assert refused["rules"]
        assert refused["reasons"]
    if whole.verdict.accepted:
        kept = [passenger["source_line"] for passenger in whole.kept]
        assert sorted(kept + quarantined) == [each["source_line"] for each in rows]
        assert kept == sorted(kept)
