"""By keyboard, with a screen reader, on a small screen, in the dark: the page is for everybody."""

import re

import pytest
from playwright.sync_api import expect

# The least contrast of any text that can be seen, and of which text.
CONTRAST = """() => {
    const parse = (text) => {
        const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
        return { rgb: [r, g, b], a };
    };
    const light = (rgb) => {
        const [r, g, b] = rgb.map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => {
        const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const ground = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const { rgb, a } = parse(getComputedStyle(each).backgroundColor);
            if (a === 1) return rgb;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const element of document.querySelectorAll("body *")) {
        const style = getComputedStyle(element);
        if (!element.checkVisibility() || element.matches(".unseen, .skip, noscript")) continue;
        const text = [...element.childNodes]
            .filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
        if (text) {
            const size = parseFloat(style.fontSize);
            const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
            found.push([ratio(parse(style.color).rgb, ground(element)), large ? 3 : 4.5, text]);
        }
        if (element.matches("rect.raises, rect.lowers, rect.then, circle.alive")) {
            found.push([ratio(parse(style.fill).rgb, ground(element.parentElement)), 3, "a bar"]);
        }
        if (element.matches("input[type=text], .option label")) {
            const border = parse(style.borderTopColor).rgb;
            found.push([ratio(border, ground(element.parentElement)), 3, "a border"]);
        }
    }
    return found;
}"""
FOCUS = """() => {
    const now = document.activeElement;
    const seen = now.matches(".unseen") ? now.nextElementSibling : now;
    const box = seen.getBoundingClientRect();
    const { outlineStyle, outlineWidth } = getComputedStyle(seen);
    return {
        name: seen.innerText.trim() || now.labels?.[0].innerText || "",
        outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
        inView: box.bottom > 0 && box.top < innerHeight,
    };
}"""


def fill_everything(opened):
    """An answer, a list with an error in it, and an opened field of drift."""
    opened.choose("A girl, one of seven")
    opened.page.get_by_role("button", name="Try a sample list").click()
    opened.page.get_by_role("table").first.wait_for()
    opened.page.locator("#model").scroll_into_view_if_needed()
    opened.page.locator(".figures").first.wait_for()
    opened.page.locator("#drift").scroll_into_view_if_needed()
    opened.page.locator("#drift summary").nth(2).click()


def test_a_passenger_can_be_asked_about_by_keyboard_alone(service, visit):
    page = visit(service, reduced_motion="reduce").page

    def go_to(name):
        passed = []
        while not passed or not passed[-1].startswith(name):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            assert focus["outlined"], f"nobody sees that {focus['name']} has the focus"
            assert focus["inView"], f"{focus['name']} has the focus out of sight"
            passed.append(focus["name"])
            assert len(passed) < 40, f"{name} is not to be found among {passed}"
        return passed

    assert go_to("Skip to the form") == ["Skip to the form"]
    page.keyboard.press("Enter")
    assert go_to("A first-class woman") == ["A first-class woman"]
    go_to("First")
    page.keyboard.press("ArrowRight")
    go_to("Female")
    page.keyboard.press("ArrowRight")
    assert go_to("Age") == ["Age"]
    page.keyboard.type("30")
    rest = go_to("Ask the model")
    assert [name.split("\n")[0] for name in rest] == [
        "Siblings and spouses",
        "Parents and children",
        "Fare",
        "Unknown",
        "Name",
        "Ticket",
        "Cabin",
        "Ask the model",
    ]
    with page.expect_request("**/api/v1/explain") as sent:
        page.keyboard.press("Enter")
    assert sent.value.post_data_json == {
        "pclass": 2, "sex": "male", "age": 30, "sibsp": 0, "parch": 0,
    }  # fmt: skip
    expect(page.locator(".verdict")).to_be_visible()
    go_to("Choose a CSV file")
    go_to("Try a sample list")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table")).to_be_visible()
    go_to("Download all 7 answers")
    go_to("Send strange passengers")


def test_everything_that_can_be_focused_has_a_name(service, visit):
    opened = visit(service)
    fill_everything(opened)
    tree = opened.page.context.new_cdp_session(opened.page).send("Accessibility.getFullAXTree")
    focusable = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree["nodes"]
        if not node["ignored"]
        and any(
            each["name"] == "focusable" and each["value"]["value"]
            for each in node.get("properties", [])
        )
        and node["role"]["value"] not in ("RootWebArea", "generic")
    ]
    assert len(focusable) > 30
    assert [each for each in focusable if not each[1].strip()] == []


def test_a_screen_reader_finds_its_way(service, visit):
    opened = visit(service)
    fill_everything(opened)
    page = opened.page
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.get_by_role("heading", level=1).count() == 1
    regions = ("One passenger", "Answer", "A list of passengers", "The live model", "Drift")
    for name in regions:
        expect(page.get_by_role("region", name=name, exact=True)).to_have_count(1)
    for table in page.locator("table").all():
        expect(table.locator("caption")).to_have_text(re.compile(r"\w"))
        assert table.locator("thead th:not([scope=col])").count() == 0
    for group in page.locator("fieldset").all():
        expect(group.locator("legend")).to_have_text(re.compile(r"\w"))
    expect(page.get_by_role("radiogroup", name="Ticket class")).to_have_attribute(
        "aria-required", "true"
    )


@pytest.mark.parametrize("width", [320, 375, 768])
def test_a_narrow_screen_needs_no_scrolling_sideways(service, visit, width):
    opened = visit(service, viewport={"width": width, "height": 700}, reduced_motion="reduce")
    fill_everything(opened)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_everything_to_tap_is_large_enough(service, visit):
    opened = visit(service, viewport={"width": 375, "height": 700}, has_touch=True)
    targets = opened.page.locator("button:visible, .button:visible, .option label, summary:visible")
    heights = targets.evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")
    assert len(heights) > 10
    assert min(heights) >= 43.9


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(service, visit, scheme):
    opened = visit(service, color_scheme=scheme, reduced_motion="reduce", expected_statuses={422})
    fill_everything(opened)
    opened.page.get_by_label("Age").fill("old")
    opened.page.get_by_role("button", name="Ask the model").click()
    opened.page.locator("#age-error:not(:empty)").wait_for()
    found = opened.page.evaluate(CONTRAST)
    assert len(found) > 100
    assert [each for each in found if each[0] < each[1]] == []


def test_the_dark_scheme_is_dark(service, visit):
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    assert max(visit(service, color_scheme="dark").page.evaluate(ground)) < 60
    assert min(visit(service, color_scheme="light").page.evaluate(ground)) > 200


def test_nothing_moves_for_who_does_not_want_it(service, visit):
    page = visit(service, reduced_motion="reduce").page
    moving = page.locator("*").evaluate_all(
        "all => all.filter((each) => getComputedStyle(each).transitionDuration !== '0s' "
        "|| getComputedStyle(each).scrollBehavior === 'smooth').length"
    )
    assert moving == 0
