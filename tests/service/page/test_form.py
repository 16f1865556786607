"""The form, and what the API has to say against what is filled in."""

import re

from playwright.sync_api import expect

from titanic_model.contract import FIELDS


def test_the_form_has_the_fields_of_the_contract_in_their_order(service, visit):
    page = visit(service).page
    names = page.locator("#passenger input").evaluate_all("all => all.map(each => each.name)")
    assert list(dict.fromkeys(names)) == [field.name for field in FIELDS]


def test_a_category_offers_what_the_contract_allows_in_its_words(service, visit):
    page = visit(service).page
    ports = page.get_by_role("radiogroup", name="Embarked at").get_by_role("radio")
    assert ports.evaluate_all("all => all.map(each => [each.value, each.labels[0].innerText])") == [
        ["C", "Cherbourg"],
        ["Q", "Queenstown"],
        ["S", "Southampton"],
        ["", "Unknown"],
    ]
    expect(page.get_by_role("radio", name="Unknown")).to_be_checked()


def test_defaults_of_the_contract_are_filled_in(service, visit):
    page = visit(service).page
    expect(page.get_by_label("Siblings and spouses")).to_have_value("0")
    expect(page.get_by_label("Age")).to_have_value("")


def test_a_contract_with_another_field_makes_another_form(service, visit):
    opened = visit(service)
    contract = service.client.get("/api/v1/contract").json()
    contract["fields"].append(
        {**contract["fields"][-1], "name": "lifeboat_drill", "explanation": "Whether he was there."}
    )
    opened.page.route("**/api/v1/contract", lambda route: route.fulfill(json=contract))
    opened.page.reload()
    expect(opened.page.get_by_label("Lifeboat drill")).to_have_accessible_description(
        "Whether he was there."
    )


def test_only_what_is_known_is_sent(service, visit):
    page = visit(service).page
    with page.expect_request("**/api/v1/explain") as sent:
        page.get_by_role("button", name="Almost nothing known").click()
    assert sent.value.post_data_json == {"pclass": 3, "sex": "female", "sibsp": 0, "parch": 0}


def test_an_invalid_value_gets_its_error_beside_the_field(service, visit):
    opened = visit(service, expected_statuses={422})
    opened.choose("A third-class man")
    age = opened.page.get_by_label("Age")
    age.fill("111.5e9")
    age.press("Enter")
    expect(age).to_have_attribute("aria-invalid", "true")
    expect(age).to_have_accessible_description(re.compile("age is .* from 0 to 120"))
    expect(age).to_be_focused()
    expect(opened.page.locator("#age-error")).to_be_in_viewport()
    expect(opened.page.locator(".verdict")).to_have_count(0)

    age.fill("30")
    age.press("Enter")
    expect(opened.page.locator(".verdict")).to_be_visible()
    expect(age).not_to_have_attribute("aria-invalid", "true")
    expect(opened.page.locator("#age-error")).to_be_empty()


def test_a_choice_that_was_not_made_gets_its_error_too(service, visit):
    page = visit(service, expected_statuses={422}).page
    page.get_by_role("button", name="Ask the model").click()
    ticket_class = page.get_by_role("radiogroup", name="Ticket class")
    expect(ticket_class).to_have_attribute("aria-invalid", "true")
    expect(ticket_class).to_contain_text("pclass is missing")


def test_an_error_of_no_field_of_the_form_is_shown_where_the_answer_would_be(service, visit):
    page = visit(service, expected_statuses={503}).page
    error = {"type": "no_release", "message": "no model is live yet"}
    page.route("**/api/v1/explain", lambda route: route.fulfill(status=503, json={"error": error}))
    page.get_by_role("button", name="A colonel").click()
    expect(page.get_by_role("alert")).to_have_text("No model is live yet")


def test_clearing_takes_back_what_was_filled_in_and_said(service, visit):
    opened = visit(service, expected_statuses={422})
    opened.choose("A first-class woman")
    opened.page.get_by_label("Fare").fill("much")
    opened.page.get_by_role("button", name="Ask the model").click()
    expect(opened.page.locator("#fare-error")).not_to_be_empty()
    opened.page.get_by_role("button", name="Clear").click()
    expect(opened.page.locator("#fare-error")).to_be_empty()
    expect(opened.page.get_by_label("Fare")).to_have_value("")
    expect(opened.page.get_by_role("radio", name="First")).not_to_be_checked()
