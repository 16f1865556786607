"""The answer: its probability and its reasons, drawn and in words; and waiting for it."""

import re

import pytest
from playwright.sync_api import expect

DRAWN = "all => all.map(each => [Number(each.dataset.contribution), each.className.baseVal, \
    each.x.baseVal.value, each.width.baseVal.value])"


def ask_for(visit, service, example):
    opened = visit(service)
    with opened.page.expect_response("**/api/v1/explain") as answered:
        opened.choose(example)
    return opened.page, answered.value.json()


def hold_the_next_question(page):
    held = []

    def keep(route):
        held.append(route)

    page.route("**/api/v1/explain", keep, times=1)
    return held


def test_an_example_is_answered_by_its_probability(service, visit):
    page, answer = ask_for(visit, service, "A first-class woman")
    hundred = round(answer["probability"] * 100)
    expect(page.locator(".verdict")).to_have_text(re.compile("survived$"))
    expect(page.locator(".chance")).to_contain_text(f"{answer['probability']:.1%}"[:-1])
    expect(page.locator("#answer .alive")).to_have_count(hundred)
    expect(page.locator("#answer .dead")).to_have_count(100 - hundred)
    expect(page.get_by_role("img", name=f"{hundred} of 100")).to_be_visible()
    expect(page.locator("#answer")).to_contain_text(answer["request_id"])
    expect(page.locator("#answer")).to_contain_text(f"Model {answer['model_version']}")


def test_one_who_died_is_told_so(service, visit):
    page, answer = ask_for(visit, service, "A third-class man")
    assert not answer["survived"]
    expect(page.locator(".verdict")).to_have_text(re.compile("died$"))


def test_the_bars_add_up_to_the_distance_they_explain(service, visit):
    page, answer = ask_for(visit, service, "A boy with his family")
    explanation = answer["explanation"]
    bars = page.locator(".reason [data-contribution]").evaluate_all(DRAWN)
    distance = answer["probability"] - explanation["reference"]["probability"]
    assert sum(bar[0] for bar in bars) == pytest.approx(distance, abs=0.005)

    largest = max(bars, key=lambda bar: abs(bar[0]))
    for contribution, kind, begin, width in bars:
        assert width / largest[3] == pytest.approx(abs(contribution / largest[0]), abs=0.01)
        assert kind == ("raises" if contribution > 0 else "lowers")
        zero = begin if contribution > 0 else begin + width
        assert zero == pytest.approx(50, abs=0.01)


def test_every_reason_has_its_sentence(service, visit):
    page, answer = ask_for(visit, service, "A girl, one of seven")
    explanation = answer["explanation"]
    expect(page.locator("#answer")).to_contain_text(explanation["summary"])
    expect(page.locator("#answer")).to_contain_text(explanation["reference"]["text"])
    told = page.locator(".sentence").all_inner_texts()
    moving = [each for each in explanation["contributions"] if abs(each["contribution"]) >= 0.0005]
    assert [text.lower().rstrip(".") for text in told] == [
        each["sentence"].lower() for each in moving
    ]


def test_the_answer_is_spoken(service, visit):
    page, answer = ask_for(visit, service, "A colonel of sixty")
    spoken = page.locator("[aria-live=polite]#spoken")
    expect(spoken).to_contain_text("chance of survival")
    expect(spoken).to_contain_text(answer["explanation"]["summary"])


def test_on_a_narrow_screen_the_answer_comes_into_view(service, visit):
    opened = visit(service, viewport={"width": 375, "height": 700}, reduced_motion="reduce")
    opened.choose("A first-class woman")
    expect(opened.page.locator(".verdict")).to_be_in_viewport()


def test_a_slow_answer_is_called_slow_and_still_shown(service, visit):
    opened = visit(service)
    opened.page.clock.install()
    held = hold_the_next_question(opened.page)
    with opened.page.expect_request("**/api/v1/explain"):
        opened.page.get_by_role("button", name="A colonel").click()
    expect(opened.page.locator("#answer")).to_have_attribute("aria-busy", "true")
    opened.page.clock.fast_forward(4000)
    expect(opened.page.get_by_role("alert")).to_contain_text("Still waiting")
    held[0].continue_()
    expect(opened.page.locator(".verdict")).to_be_visible()
    expect(opened.page.get_by_role("alert")).to_be_empty()


def test_an_answer_that_comes_after_a_later_question_is_not_shown(service, visit):
    opened = visit(service)
    held = hold_the_next_question(opened.page)
    with opened.page.expect_request("**/api/v1/explain"):
        opened.page.get_by_role("button", name="A first-class woman").click()
    opened.choose("A third-class man")
    with opened.page.expect_response("**/api/v1/explain"):
        held[0].continue_()
    expect(opened.page.locator(".verdict")).to_have_text(re.compile("died$"))
