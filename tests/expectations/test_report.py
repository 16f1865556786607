"""The page: everything on it, nothing from elsewhere, nothing executed."""

import re
from datetime import UTC, datetime

from expectations.report import render_report


def test_an_accepted_list_is_shown_with_every_expectation(judge, titanic3):
    verdict = judge(titanic3).verdict
    page = render_report(verdict, datetime(2026, 4, 10, 12, tzinfo=UTC))
    assert "✓ Accepted" in page
    assert "10 April 2026, 12:00 UTC" in page
    for result in verdict.results:
        assert result.name in page
    assert "77.5%" in page
    assert "0.1%" in page


def test_a_refused_list_is_shown_with_reasons_and_rows(judge, row):
    rows = [row(number, age="x" if number < 9 else "1") for number in range(1, 41)]
    page = render_report(judge(rows).verdict)
    assert "✗ Refused" in page
    assert "8 of its 40 rows are bad (20.0%), allowed are 5%" in page
    assert "age: x is not a number from 0 to 120, or nothing" in page
    assert page.count("age: x is not") == 5
    assert "5 of 8" in page


def test_warnings_are_shown(judge, row):
    page = render_report(judge([row(number) for number in range(30)]).verdict)
    assert "! Accepted, with warnings" in page
    assert "list.csv: 0% of its passengers survived" in page


def test_a_verdict_on_nothing_is_a_page_too(tmp_path):
    from expectations.validation import validate

    verdict = validate([], tmp_path / "k.parquet", tmp_path / "q.parquet")
    assert "There is not one row to validate" in render_report(verdict)


def test_whatever_comes_in_is_shown_as_text(judge, row, lenient):
    attack = "<script>alert(1)</script>"
    rows = [
        row(1),
        row(2, age=attack, source=attack),
        row(3, unreadable=f'"{attack}', source=attack),
    ]
    page = render_report(judge(rows, policy=lenient).verdict)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_opens_offline(judge, row):
    page = render_report(judge([row(1), row(2, age="x")]).verdict)
    assert not re.search(r"https?:|//|\bsrc=|<link|@import|url\(", page)
    assert 'name="viewport"' in page


def test_of_very_many_sources_the_refused_ones_come_first(judge, row):
    rows = [
        row(number, source=f"{number}.csv", age="x" if number == 120 else "1")
        for number in range(1, 121)
    ]
    page = render_report(judge(rows).verdict)
    assert page.index("120.csv <code>") < page.index("1.csv <code>")
    assert "100 of 120 sources" in page
    assert "99.csv <code>" in page
    assert "119.csv" not in page
