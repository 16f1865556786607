"""BentoML's own page, which shows our documentation under our policy."""

from playwright.sync_api import expect


def test_the_documentation_shows_every_route_and_asks_nobody_else(service, browser):
    page = browser.new_page()
    asked, broken = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(service.url)
    for path in ("/api/v1/predict", "/api/v1/passengers/{passenger_id}", "/api/v1/model"):
        expect(page.locator(f'[data-path="{path}"]')).to_be_visible(timeout=15_000)
    documented = service.client.get("/docs.json").json()["paths"]
    expect(page.locator(".opblock")).to_have_count(sum(len(path) for path in documented.values()))
    assert broken == []
    assert [url for url in asked if not url.startswith((service.url, "data:"))] == []
    page.close()


def test_a_prediction_can_be_asked_for_in_the_documentation(service, browser):
    page = browser.new_page()
    page.goto(service.url)
    operation = page.locator(".opblock", has=page.locator('[data-path="/api/v1/predict"]'))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("probability")
    page.close()
