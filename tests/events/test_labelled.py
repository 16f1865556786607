"""Who becomes a training row: each passenger once, and nobody who is known or disputed."""

import pyarrow as pa
import pytest

from tests.events.conftest import NOON
from tests.prediction_log.lines import a_line, an_outcome
from titanic_assets.monitoring.events.labelled import label
from titanic_assets.tables import Table, write_table
from titanic_model.schemas import VALIDATED_SCHEMA


class Reports:
    """Predictions and outcomes, written down as they are made up."""

    def __init__(self, home, folder):
        self.home = home
        self.folder = folder
        self.lines = []

    def add(self, *words, outcome_after=600, **what):
        """A prediction, and what its caller said became of the passenger."""
        number = len(self.lines)
        at = what.pop("at", NOON + number)
        what.setdefault("request_id", f"r{number}")
        self.lines.append(a_line(at, **what))
        caller = what.get("caller", "127.0.0.1")
        for n, survived in enumerate(words):
            self.lines.append(
                an_outcome(
                    at + outcome_after + n,
                    request_id=what["request_id"],
                    caller=caller,
                    survived=survived,
                )
            )

    def labelled(self, known=None):
        self.home.segment("12:00:00", self.lines)
        self.home.collect()
        return label(self.home.store, known, self.folder / "labelled.parquet")


@pytest.fixture
def reports(home, tmp_path):
    return Reports(home, tmp_path)


def a_list(path, *passengers):
    """Validated passengers; who has no name has no key by which anybody else is known."""
    rows = [
        {
            "passenger_id": n, "survived": 0, "sibsp": 0, "parch": 0, "source": "titanic3.csv",
            "passenger_key": f"titanic3.csv#id{n}", **passenger,
        }
        for n, passenger in enumerate(passengers, 1)
    ]  # fmt: skip
    batch = pa.RecordBatch.from_pylist(rows, schema=VALIDATED_SCHEMA)
    return write_table([batch], VALIDATED_SCHEMA, path)


def rows_of(labelled):
    return labelled.table.to_pandas().to_dict("records")


JAMES = {"pclass": 3, "sex": "male", "age": 30.0, "fare": 7.25, "name": "Kelly, Mr. James"}


def test_nothing_reported_is_a_table_without_rows(reports):
    reports.add(**JAMES)
    assert reports.labelled().rows == 0


def test_a_reported_passenger_is_a_row_as_a_list_has_it(reports):
    reports.add(True, **JAMES, ticket="330911", caller="ann", variant="challenger")
    (row,) = rows_of(reports.labelled())
    assert len(row.pop("source_id")) == 16
    assert row.pop("predicted").timestamp() == NOON
    assert {name: value for name, value in row.items() if value is not None} == {
        **JAMES, "ticket": "330911", "survived": 1, "sibsp": 0, "parch": 0, "request_id": "r0",
        "caller": "ann",
    }  # fmt: skip


def test_a_passenger_is_a_row_once_by_name_and_ticket_whoever_asks_and_however_it_is_written(
    reports,
):
    reports.add(False, **JAMES, ticket="330911", caller="ann")
    reports.add(False, **{**JAMES, "name": "KELLY,  Mr James", "age": 31.0}, ticket=" 330911.")
    reports.add(True, **JAMES, ticket="363592")
    labelled = reports.labelled()
    assert [(row["age"], row["survived"]) for row in rows_of(labelled)] == [(30.0, 0), (30.0, 1)]
    assert (labelled.predictions, labelled.again) == (3, 1)


def test_champion_and_challenger_on_the_same_request_are_one_row(reports):
    for variant in ("champion", "challenger"):
        reports.add(True, **JAMES, at=NOON, request_id="same", variant=variant)
    assert reports.labelled().rows == 1


def test_without_a_name_the_same_words_of_the_same_caller_are_the_same_passenger(reports):
    nameless = {"pclass": 2, "sex": "female", "age": 40.0}
    reports.add(True, **nameless, caller="ann")
    reports.add(True, **nameless, caller="ann")
    reports.add(True, **nameless, caller="ann", on_behalf_of="desk 4")
    reports.add(True, **nameless, caller="bob")
    reports.add(True, **nameless, caller="ann", embarked="S")
    labelled = reports.labelled()
    assert labelled.rows == 4
    assert len({row["source_id"] for row in rows_of(labelled)}) == 4


def test_a_caller_s_first_word_counts_and_callers_who_contradict_each_other_do_not(reports):
    reports.add(True, False, **JAMES, ticket="1")  # on one request
    reports.add(False, **JAMES, ticket="2", caller="ann")
    reports.add(True, **JAMES, ticket="2", caller="ann")  # on the next one
    reports.add(True, **JAMES, ticket="3", caller="ann")
    reports.add(True, **JAMES, ticket="4", caller="ann")
    reports.add(False, **JAMES, ticket="3", caller="bob")
    reports.add(True, **JAMES, ticket="3", caller="bob")
    reports.add(True, **JAMES, ticket="4", caller="bob")
    labelled = reports.labelled()
    fates = [(row["ticket"], row["survived"]) for row in rows_of(labelled)]
    assert fates == [("1", 1), ("2", 0), ("4", 1)]
    assert (labelled.contradicted, labelled.again) == (3, 2)


def test_who_was_asked_for_by_number_is_known_already(reports):
    reports.add(True, **JAMES, way="passenger", passenger_id=892)
    labelled = reports.labelled()
    assert (labelled.rows, labelled.looked_up) == (0, 1)


def test_who_is_in_a_list_is_no_new_passenger(reports, tmp_path):
    reports.add(True, **JAMES, ticket="330911")
    reports.add(True, **JAMES, ticket="363592")
    known = a_list(
        tmp_path / "validated.parquet",
        {**JAMES, "passenger_key": "kelly mr james|330911"},
        {**JAMES, "passenger_key": "kelly mr james|363592", "source": "outcomes"},
    )
    labelled = reports.labelled(known)
    assert [row["ticket"] for row in rows_of(labelled)] == ["363592"]
    assert labelled.known == 1


def test_who_has_no_name_or_no_ticket_and_may_be_in_a_list_is_left_out(reports, tmp_path):
    nameless = {"pclass": 2, "sex": "female", "age": None, "fare": 13.0, "embarked": "S"}
    reports.add(True, **nameless)
    reports.add(True, **{**nameless, "fare": 13.5})
    reports.add(True, **nameless, name="Ilett, Miss. Bertha", ticket="1")
    reports.add(True, **{**JAMES, "age": 31.0})
    reports.add(True, **{**JAMES, "name": "Kelly, Mr. J."})
    known = a_list(
        tmp_path / "validated.parquet",
        nameless,
        {**nameless, "age": 9.0},
        {**JAMES, "passenger_key": "kelly mr james|330911"},
    )
    labelled = reports.labelled(known)
    assert [(row["fare"], row["name"]) for row in rows_of(labelled)] == [
        (13.5, None),
        (13.0, "Ilett, Miss. Bertha"),
        (7.25, "Kelly, Mr. J."),
    ]
    assert (labelled.known, labelled.perhaps_known) == (0, 2)


def test_who_has_no_name_or_no_ticket_may_be_one_who_was_reported_with_both(reports):
    reports.add(True, **JAMES)
    reports.add(True, **{**JAMES, "age": 50.0}, ticket="330911")
    reports.add(True, **{**JAMES, "name": None, "age": 50.0})
    reports.add(True, **{**JAMES, "name": None, "age": 51.0})
    labelled = reports.labelled()
    assert [(row["age"], row["ticket"]) for row in rows_of(labelled)] == [
        (50.0, "330911"),
        (51.0, None),
    ]
    assert labelled.perhaps_known == 2


def test_the_same_events_give_the_same_bytes_however_they_were_collected(home, tmp_path, reports):
    for n in range(40):
        reports.add(n % 2 == 0, **{**JAMES, "age": float(n)}, ticket=str(n))
    together = reports.labelled().table.path.read_bytes()
    other = type(home)(home.settings.model_copy(update={"titanic_home": tmp_path / "other"}))
    for n in range(8):  # the latest first, outcomes and predictions apart
        lines = reports.lines[n::8][::-1]
        other.segment(f"{20 - n}:00:00", lines)
        other.collect()
    apart = label(other.store, None, tmp_path / "apart.parquet")
    assert apart.table.path.read_bytes() == together
    assert Table(apart.table.path).rows == 40
