"""Batches asked of the running service: in order, as exact as one by one, and no burden."""

import csv
import io
import json
import threading
import time

import pytest

from bento_service import answers
from tests.service.incoming.conftest import FEW_BYTES, FEW_ROWS
from tests.service.incoming.test_passenger_lists import KAGGLE, TITANIC3

BATCH = "/api/v1/batch_predict"
PEOPLE = [
    {"pclass": 1 + each % 3, "sex": ("male", "female")[each % 2], "age": each % 80}
    for each in range(400)
]


def ask(service, passengers, **headers):
    answer = service.client.post(BATCH, json={"passengers": passengers}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def ask_list(service, text, **headers):
    headers = {"content-type": "text/csv", **headers}
    return service.client.post(BATCH, content=text.encode(), headers=headers)


@pytest.mark.parametrize("odd", ["=1+1", "+1", "-1", "@SUM(1)", "\0", "\t=1", "\r\n=1"])
def test_no_cell_of_an_answer_begins_with_what_a_caller_wrote(service, odd):
    quoted = json.dumps(odd)
    rows = [
        f'{{"pclass":3,"sex":{quoted}}}',
        f'{{"pclass":3,"sex":"male",{quoted}:1}}',
        f'{{"pclass":3,"sex":"male",{quoted}:1,{quoted}:1}}',
        quoted,
        f'{{"pclass":3,"sex":"male","name":{quoted},"ticket":{quoted},"cabin":{quoted}}}',
    ]
    answer = service.client.post(
        BATCH,
        content=f'{{"passengers":[{",".join(rows)}]}}',
        headers={"content-type": "application/json", "accept": "text/csv"},
    )
    _, *lines = csv.reader(io.StringIO(answer.text, newline=""))
    assert len(lines) == len(rows)
    for _, survived, _, error in lines:
        assert error[:1].isalpha() != (survived != "")
        assert error.isprintable()


def probabilities(answer):
    return [row["probability"] for row in answer.json()["predictions"]]


@pytest.mark.parametrize("size", [3, 400])  # short ones are answered at once, others in a thread
def test_a_batch_is_answered_in_order_and_as_each_would_be_alone(service, size):
    people = PEOPLE[-size:]
    answer = ask(service, people, **{"X-Request-ID": "mine"})
    batch = answers.BatchPrediction.model_validate_json(answer.content)
    assert [row.request_id for row in batch.predictions] == [f"mine.{row}" for row in range(size)]
    for person, row in list(zip(people, batch.predictions, strict=True))[::37]:
        alone = service.predict(**person).json()
        assert row.probability == pytest.approx(alone["probability"], abs=2e-6)
        assert row.survived == alone["survived"]


@pytest.mark.parametrize("size", [3, 400])
def test_bad_rows_spoil_no_neighbour(service, size):
    people = PEOPLE[:size]
    spoilt = [*people[:1], {"pclass": 9, "sex": "male"}, None, *people[1:]]
    rows = ask(service, spoilt).json()["predictions"]
    assert rows[1]["error"]["field"] == "pclass"
    assert rows[2]["error"]["type"] == "invalid_input"
    good = [row["probability"] for row in rows if "error" not in row]
    assert good == pytest.approx(probabilities(ask(service, people)), abs=2e-6)


@pytest.mark.parametrize("passengers", [[], [{}], [1, None]])
def test_a_batch_without_any_passenger_is_answered_too(service, passengers):
    answer = ask(service, passengers)
    batch = answers.BatchPrediction.model_validate_json(answer.content)
    assert len(batch.predictions) == len(passengers)
    assert batch.model_version == "1"


@pytest.mark.parametrize("text", [KAGGLE, TITANIC3], ids=["Kaggle", "titanic3"])
def test_a_list_is_answered_as_json_is(service, text):
    people = [
        {"pclass": 3, "sex": "male", "age": 22, "sibsp": 1, "fare": 7.25, "embarked": "S",
         "name": "Braund, Mr. Owen Harris", "ticket": "A/5 21171"},
        {"pclass": 1, "sex": "female", "age": 38, "sibsp": 1, "fare": 71.2833, "embarked": "C",
         "name": 'Cumings, Mrs. John "Jack"', "ticket": "PC 17599", "cabin": "C85"},
    ]  # fmt: skip
    answer = ask_list(service, text)
    answers.BatchPrediction.model_validate_json(answer.content)
    assert probabilities(answer) == probabilities(ask(service, people))


def test_the_answer_may_be_a_list_too(service):
    answer = ask_list(service, 'pclass,sex\n3,male\n9,"x,y"\n1,female\n', accept="text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["row"] for row in rows] == ["0", "1", "2"]
    assert [row["survived"] for row in rows] == ["0", "", "1"]
    assert "pclass is 9" in rows[1]["error"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("text/csv;q=0", "application/json"),
        ("text/csv;q=x", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "application/json"),
    ],
)
def test_csv_is_answered_where_it_is_preferred(service, accept, kind):
    answer = ask(service, PEOPLE[:1], accept=accept)
    assert answer.headers["content-type"].startswith(kind)


def test_what_is_too_much_is_refused_with_the_limit(strict):
    few = PEOPLE[:FEW_ROWS]
    assert len(probabilities(ask(strict, few))) == FEW_ROWS
    one_more = strict.client.post(BATCH, json={"passengers": PEOPLE[: FEW_ROWS + 1]})
    assert one_more.status_code == 413
    assert f"at most {FEW_ROWS} passengers" in one_more.json()["error"]["message"]
    long = strict.client.post(
        BATCH, content=b" " * (FEW_BYTES + 1), headers={"content-type": "application/json"}
    )
    assert long.status_code == 413
    assert f"at most {FEW_BYTES:,} bytes" in long.json()["error"]["message"]
    assert ask_list(strict, "pclass,sex\n" + "3,male\n" * (FEW_ROWS + 1)).status_code == 413


def test_ten_thousand_are_taken_by_default_and_no_more(service):
    people = (PEOPLE * 26)[:10_001]
    assert service.client.post(BATCH, json={"passengers": people}).status_code == 413
    assert len(probabilities(ask(service, people[:-1]))) == 10_000


def test_a_hostile_body_of_the_largest_size_is_soon_refused(service):
    body = b'{"passengers":[' + b"{}," * 2_790_000 + b"{}]}"
    began = time.monotonic()
    answer = service.client.post(BATCH, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert time.monotonic() - began < 20
    assert service.predict().status_code == 200


def test_large_batches_leave_no_memory_behind_and_let_others_through(service):
    (worker,) = service.workers()
    body = json.dumps({"passengers": (PEOPLE * 25)[:10_000]}).encode()
    headers = {"content-type": "application/json"}

    def batch():
        assert service.client.post(BATCH, content=body, headers=headers).status_code == 200

    for _ in range(5):
        batch()
    before = worker.memory_info().rss
    going_on, took = threading.Event(), []

    def singles():
        while not going_on.is_set():
            began = time.monotonic()
            assert service.predict().status_code == 200
            took.append(time.monotonic() - began)

    asking = threading.Thread(target=singles)
    asking.start()
    began = time.monotonic()
    for _ in range(30):
        batch()
    a_batch = (time.monotonic() - began) / 30
    going_on.set()
    asking.join()
    # A leak of the rows alone would be 10 MB a batch.
    assert worker.memory_info().rss - before < 60e6
    # Whoever had to wait for a batch to end would wait half of one on the average.
    assert sorted(took)[len(took) // 2] < a_batch / 4
