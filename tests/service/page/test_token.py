"""A service that asks for tokens: the page asks the person for one."""

import re
from secrets import token_urlsafe

import pytest
from playwright.sync_api import expect

from bento_service.settings import Settings
from bento_service.token import issue
from tests.service.serving import start_service

OURS, THEIRS = token_urlsafe(32), token_urlsafe(32)


@pytest.fixture(scope="module")
def guarded(releases, tmp_path_factory):
    home = tmp_path_factory.mktemp("guarded")
    running = start_service(home, releases_uri=releases, jwt_secret=OURS)
    yield running
    running.stop()


def a_token(key=OURS):
    return issue(Settings(jwt_secret=key), "page", ["predict"], 1)


def give(page, token):
    page.get_by_role("textbox", name="Token").fill(token)
    page.get_by_role("button", name="Use this token").click()


def test_without_a_token_the_page_asks_for_one_and_says_how_to_get_it(guarded, visit):
    page = visit(guarded, expected_statuses={401}).page
    panel = page.get_by_role("region", name="This service asks for a token")
    expect(panel).to_contain_text("make token")
    expect(panel.get_by_role("heading")).to_be_focused()


def test_a_wrong_token_is_asked_for_again(guarded, visit):
    page = visit(guarded, expected_statuses={401}).page
    give(page, a_token(THEIRS))
    expect(page.get_by_text("The token was not accepted")).to_be_visible()
    expect(page.get_by_role("textbox", name="Token")).to_be_focused()


def test_with_a_token_everything_works_and_only_the_tab_keeps_it(guarded, visit):
    opened = visit(guarded, expected_statuses={401})
    page, token = opened.page, a_token()
    give(page, token)
    expect(page.get_by_role("region", name="This service asks for a token")).to_be_hidden()
    expect(page.get_by_text(re.compile("Model . is live"))).to_be_visible()
    with page.expect_request("**/api/v1/explain") as sent:
        opened.choose("A first-class woman")
    assert sent.value.headers["authorization"] == f"Bearer {token}"
    kept = "[{...sessionStorage}, {...localStorage}, document.cookie]"
    assert page.evaluate(kept) == [{"titanic-token": token}, {}, ""]
    assert not any(token in url for url in opened.asked)

    page.get_by_role("button", name="Forget my token").click()
    expect(page.get_by_role("region", name="This service asks for a token")).to_be_visible()
    assert page.evaluate(kept) == [{}, {}, ""]


def test_a_token_that_ends_while_the_page_is_open_is_asked_for_anew(service, visit):
    opened = visit(service, expected_statuses={401})
    error = {"type": "unauthenticated", "message": "the token has expired"}
    opened.page.route(
        "**/api/v1/explain", lambda route: route.fulfill(status=401, json={"error": error})
    )
    opened.page.get_by_role("button", name="A colonel").click()
    panel = opened.page.get_by_role("region", name="This service asks for a token")
    expect(panel).to_contain_text("the token has expired")
