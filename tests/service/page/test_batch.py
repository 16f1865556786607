"""A list of passengers: the table of its answers, and the file to keep."""

import csv
import re

from playwright.sync_api import expect

LIST = [
    "PassengerId,Name,Pclass,Sex,Age,Embarked",
    '1,"Hartwell, Mrs. Arthur (Louise)",1,female,38,S',
    '2,"Grant, Mr. Hugh",4,male,41,S',
    '3,"Olsen, Mr. Lars",3,male,27,S',
]
DROP = """([name, text]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name, { type: "text/csv" }));
    const drop = document.getElementById("drop");
    for (const type of ["dragover", "drop"]) {
        drop.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, cancelable: true }));
    }
}"""


def rows_of(page):
    return page.get_by_role("region", name=re.compile("answers to")).locator("tbody tr")


def downloaded(page):
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download all")).click()
    with download.value.path().open(newline="") as file:
        return download.value.suggested_filename, list(csv.DictReader(file))


def test_a_list_is_answered_line_by_line_and_a_bad_line_spoils_no_other(service, visit):
    opened = visit(service)
    opened.bring(LIST)
    rows = rows_of(opened.page)
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("Hartwell, Mrs. Arthur (Louise)")
    expect(rows.nth(0)).to_contain_text("Survived")
    expect(rows.nth(1)).to_contain_text("pclass is 4; allowed is a whole number from 1 to 3.")
    expect(rows.nth(2)).to_contain_text("Died")
    status = opened.page.locator("#list-status")
    expect(status).to_contain_text("3 passengers, 1 would have survived, 1 would have died.")
    expect(status).to_contain_text("1 line could not be answered.")
    expect(status).to_contain_text("Columns not used: PassengerId.")


def test_all_answers_can_be_kept_as_a_file(service, visit):
    opened = visit(service)
    opened.bring(LIST, name="family.csv")
    name, rows = downloaded(opened.page)
    assert name == "family-answers.csv"
    assert [row["line"] for row in rows] == ["1", "2", "3"]
    assert [row["survived"] for row in rows] == ["true", "", "false"]
    assert float(rows[0]["probability"]) > 0.5 > float(rows[2]["probability"])
    assert rows[1]["error"].startswith("pclass is 4")
    assert rows[0]["request_id"].endswith(".0")
    assert rows[0]["model_version"] == "1"


def test_of_a_long_list_the_first_200_are_shown_and_all_can_be_kept(service, visit):
    opened = visit(service)
    opened.bring(["pclass,sex,age", *(f"{1 + row % 3},male,{row % 80}" for row in range(1250))])
    expect(rows_of(opened.page)).to_have_count(200)
    expect(opened.page.get_by_text("The first 200 of 1,250 answers")).to_be_visible()
    assert len(downloaded(opened.page)[1]) == 1250


def test_a_list_can_be_dropped(service, visit):
    page = visit(service).page
    page.evaluate(DROP, ["dropped.csv", "\n".join(LIST)])
    expect(rows_of(page)).to_have_count(3)
    expect(page.locator("#list-status")).to_contain_text("dropped.csv: 3 passengers")


def test_the_sample_list_shows_what_a_list_looks_like(service, visit):
    page = visit(service).page
    page.get_by_role("button", name="Try a sample list").click()
    expect(rows_of(page)).to_have_count(7)
    expect(rows_of(page).locator(".error")).to_have_count(1)


def test_a_file_that_is_no_list_is_refused_in_the_words_of_the_api(service, visit):
    opened = visit(service, expected_statuses={422})
    opened.bring(LIST)
    expect(rows_of(opened.page)).to_have_count(3)
    opened.bring(["a,b", "1,2"], name="other.csv")
    expect(opened.page.locator("#list-status")).to_contain_text("other.csv: The first line has to")
    expect(rows_of(opened.page)).to_have_count(0)


def test_the_same_file_can_be_chosen_again(service, visit):
    opened = visit(service)
    for _ in range(2):
        with opened.page.expect_response("**/api/v1/batch_predict"):
            opened.bring(LIST)


def test_a_name_that_looks_like_markup_stays_text(service, visit):
    opened = visit(service)
    name = '<img src="x" onerror="alert(1)">'
    quoted = name.replace('"', '""')
    opened.bring(["name,pclass,sex", f'"{quoted}",1,female'])
    expect(rows_of(opened.page).locator("td").first).to_have_text(name)
    expect(opened.page.locator("img")).to_have_count(0)
