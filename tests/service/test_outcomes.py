"""Telling the service what became of its passengers."""

import pytest

from tests.service.guard.asking import SECRET, a_token


def report(service, request_id, survived, **changes):
    content = {"request_id": request_id, "survived": survived, **changes}
    return service.client.post("/api/v1/outcomes", json=content)


def predicted(service):
    answer = service.predict(sex="female").json()
    return answer["request_id"], answer["survived"]


def test_an_outcome_may_be_told_again_but_not_taken_back(service):
    request_id, survived = predicted(service)
    assert report(service, request_id, survived).json() == {
        "request_id": request_id,
        "survived": survived,
        "known": True,
        "repeated": False,
    }
    again = report(service, request_id, survived)
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    contradiction = report(service, request_id, not survived)
    assert contradiction.status_code == 409
    error = contradiction.json()["error"]
    assert (error["type"], error["field"]) == ("contradicting_outcome", "survived")


def test_an_outcome_of_an_older_prediction_is_accepted(service):
    answer = report(service, "long-ago", True)
    assert answer.status_code == 200
    assert (answer.json()["known"], answer.json()["repeated"]) == (False, False)


def test_nobody_has_a_word_on_what_another_was_told(serve):
    service = serve(jwt_secret=SECRET)
    alice, bob = ({"Authorization": f"Bearer {a_token(sub=name)}"} for name in ("alice", "bob"))
    said = service.predict(headers=alice).json()

    def tells(who, survived):
        content = {"request_id": said["request_id"], "survived": survived}
        return service.client.post("/api/v1/outcomes", json=content, headers=who)

    foreign = tells(bob, not said["survived"])
    assert (foreign.status_code, foreign.json()["known"]) == (200, False)
    own = tells(alice, said["survived"])
    assert (own.status_code, own.json()["known"]) == (200, True)
    assert tells(alice, not said["survived"]).status_code == 409
    assert tells(bob, not said["survived"]).json()["known"] is False


def test_rows_of_a_batch_have_outcomes_of_their_own(service):
    passengers = [{"pclass": 1, "sex": "female"}, {"pclass": 3, "sex": "male"}, {"pclass": 9}]
    batch = service.client.post("/api/v1/batch_predict", json={"passengers": passengers}).json()
    ids = [row.get("request_id") for row in batch["predictions"]]
    assert ids == [f"{batch['request_id']}.0", f"{batch['request_id']}.1", None]
    known = [report(service, request_id, True).json()["known"] for request_id in ids[:2]]
    assert known == [True, True]
    assert not report(service, f"{batch['request_id']}.2", True).json()["known"]
    assert report(service, ids[1], False).status_code == 409


def test_of_all_models_the_champions_answer_is_what_came_true_or_not(serve):
    service = serve()
    everybody = [
        {"pclass": 3, "sex": "female", "age": age, "fare": fare, "sibsp": sibsp}
        for age in (4, 16, 21, 33, 47, 63)
        for fare in (5, 9, 17, 40)
        for sibsp in (0, 1, 4)
    ]
    for passenger in everybody:
        answer = service.client.post("/api/v1/predict_all", json=passenger).json()
        champion, challenger = (p["survived"] for p in answer["predictions"])
        if champion != challenger:
            break
    assert champion != challenger
    report(service, answer["request_id"], champion)
    assert service.metrics()["titanic_rolling_accuracy"] == 1
    assert service.metrics()['titanic_outcomes_total{match="known"}'] == 1


@pytest.mark.parametrize(
    ("content", "status", "kind", "field"),
    [
        (b"{", 400, "malformed_json", None),
        (b"{}", 422, "invalid_input", "request_id"),
        (b'{"request_id": "a"}', 422, "invalid_input", "survived"),
        (b'{"request_id": "a b", "survived": true}', 422, "invalid_input", "request_id"),
        (b'{"request_id": "", "survived": true}', 422, "invalid_input", "request_id"),
        (b'{"request_id": "a", "survived": 1}', 422, "invalid_input", "survived"),
        (b'{"request_id": "a", "survived": null}', 422, "invalid_input", "survived"),
        (b'{"request_id": "a", "survived": true, "age": 1}', 422, "invalid_input", "age"),
        (b"[]", 422, "invalid_input", None),
    ],
)
def test_what_is_no_outcome_is_refused_with_its_reason(service, content, status, kind, field):
    headers = {"Content-Type": "application/json"}
    answer = service.client.post("/api/v1/outcomes", content=content, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error.get("field")) == (status, kind, field)
