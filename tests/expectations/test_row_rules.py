"""Each expectation catches what it is there for, and says so in words."""

from collections import Counter

import pytest

FAULTS = [
    ({"survived": None}, "survived_known", "survived: missing, needed is a whole number from 0"),
    ({"survived": "perhaps"}, "survived_type", "survived: perhaps is not a whole number"),
    ({"survived": "2"}, "survived_range", "survived: 2 is not a whole number from 0 to 1"),
    ({"pclass": ""}, "pclass_known", "pclass: missing"),
    ({"pclass": "first"}, "pclass_type", "pclass: first is not a whole number from 1 to 3"),
    ({"pclass": "2.5"}, "pclass_type", "pclass: 2.5 is not a whole number"),
    ({"pclass": "4"}, "pclass_range", "pclass: 4 is not a whole number from 1 to 3"),
    ({"pclass": "1e30"}, "pclass_range", "pclass: 1e30 is not"),
    ({"sex": "  "}, "sex_known", "sex: missing, needed is female or male"),
    ({"sex": "Male"}, "sex_set", "sex: Male is not female or male"),
    ({"age": "abc"}, "age_type", "age: abc is not a number from 0 to 120, or nothing"),
    ({"age": "NaN"}, "age_type", "age: NaN is not a number"),
    ({"age": "-inf"}, "age_type", "age: -inf is not a number"),
    ({"age": "130"}, "age_range", "age: 130 is not a number from 0 to 120, or nothing"),
    ({"age": "-0.1"}, "age_range", "age: -0.1 is not"),
    ({"sibsp": "one"}, "sibsp_type", "sibsp: one is not a whole number from 0 to 20"),
    ({"sibsp": "21"}, "sibsp_range", "sibsp: 21 is not"),
    ({"parch": "0,5"}, "parch_type", "parch: 0,5 is not"),
    ({"parch": "-1"}, "parch_range", "parch: -1 is not"),
    ({"fare": "£7"}, "fare_type", "fare: £7 is not a number from 0 to 2000, or nothing"),
    ({"fare": "2000.01"}, "fare_range", "fare: 2000.01 is not"),
    ({"embarked": "Southampton"}, "embarked_set", "embarked: Southampton is not C or Q or S"),
    ({"name": "x" * 201}, "name_length", "name: longer than 200 characters, xxx"),
    ({"ticket": "é" * 65}, "ticket_length", "ticket: longer than 64 characters"),
    ({"cabin": "C" * 65}, "cabin_length", "cabin: longer than 64 characters"),
    ({"sex": "female"}, "title_of_male", "sex: female does not go with the title in Braund, Mr."),
    ({"name": "Heikkinen, Miss. Laina"}, "title_of_female", "sex: male does not go with"),
    ({"name": "Rice, Master. Eugene", "age": "30"}, "age_of_master", "age: 30 does not go with"),
    ({"name": "Ryan, Mrs. A", "sex": "female", "age": "3", "parch": "1"}, "age_of_wife", "age: 3"),
    ({"unreadable": '3,0,"Kelly'}, "readable_line", "cannot be split into the columns of the "),
]


@pytest.fixture(scope="module")
def faulty(judge_once, row, lenient):
    """A good row, and after it one row for each fault."""
    faults = [row(number, **change) for number, (change, _, _) in enumerate(FAULTS, start=2)]
    return judge_once([row(1), *faults], policy=lenient)


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[rule for _, rule, _ in FAULTS])
def test_a_fault_puts_the_row_into_quarantine_with_its_rule_and_reason(faulty, number):
    change, rule, reason = FAULTS[number]
    refused = faulty.quarantined[number]
    assert refused["source_line"] == number + 3
    assert refused["rules"] == [rule]
    assert reason in refused["reasons"]
    assert {name: refused[name] for name in change} == change


def test_broken_rules_are_counted_row_by_row(faulty):
    expected = Counter(rule for _, rule, _ in FAULTS)
    assert faulty.verdict.broken_by_rule == expected
    assert faulty.verdict.bad == len(FAULTS)
    assert [passenger["source_line"] for passenger in faulty.kept] == [2]


def test_every_rule_that_refuses_rows_has_a_fault_above():
    from expectations.row_rules import row_rules

    assert {rule for _, rule, _ in FAULTS} == {r.name for r in row_rules() if r.refuses}


ALLOWED = [
    {"age": None, "fare": None, "embarked": None, "name": None, "ticket": None},
    {"age": "0", "fare": "2000", "sibsp": "20", "parch": "1"},
    {"age": "120"},
    {"pclass": " 3.0 ", "survived": "1.0", "embarked": " Q ", "sex": "male  "},
    {"name": "Brown, Dr. Amelia", "sex": "female"},
    {"name": "no title at all", "sex": "female"},
    {"name": "Rice, Master. Eugene", "age": None},
    {"name": "x" * 200, "ticket": "é" * 64},
]


def test_what_the_contract_allows_is_kept(judge, row):
    judged = judge([row(number, **change) for number, change in enumerate(ALLOWED)])
    assert judged.quarantined == []
    assert judged.verdict.rows_kept == len(ALLOWED)


def test_a_row_is_refused_for_everything_that_is_wrong_with_it(judge, row, lenient):
    judged = judge([row(1), row(2, age="abc", fare="-1", pclass=None)], policy=lenient)
    (refused,) = judged.quarantined
    assert refused["rules"] == ["pclass_known", "age_type", "fare_range"]
    assert refused["reasons"] == (
        "pclass: missing, needed is a whole number from 1 to 3; "
        "age: abc is not a number from 0 to 120, or nothing; "
        "fare: -1 is not a number from 0 to 2000, or nothing"
    )


def test_fields_that_are_wrong_by_themselves_are_not_compared_with_others(judge, row, lenient):
    judged = judge([row(1), row(2, sex="Mann"), row(3, sex="female", age="x")], policy=lenient)
    assert [refused["rules"] for refused in judged.quarantined] == [["sex_set"], ["age_type"]]


def test_a_small_child_alone_is_kept_with_a_warning(judge, row):
    judged = judge([row(1), row(2, age="4", parch="0")])
    assert judged.verdict.accepted
    assert judged.verdict.rows_kept == 2
    assert "1 of 2 rows break the rule that a child below 5" in judged.verdict.warnings[0]


def test_a_long_value_is_cut_in_the_reason_but_whole_in_quarantine(judge, row, lenient):
    judged = judge([row(1), row(2, age="9" * 500)], policy=lenient)
    (refused,) = judged.quarantined
    assert refused["age"] == "9" * 500
    assert refused["reasons"].startswith("age: " + "9" * 80 + "… is not")
