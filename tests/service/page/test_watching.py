"""The live model with where it comes from, the drift window, and a service that goes away."""

import pytest
from playwright.sync_api import expect

from tests.service.releases import publish
from tests.service.serving import wait_until
from titanic_model.published import Current, publish_release, write_current


@pytest.fixture
def own_releases(champion, tmp_path):
    folder = tmp_path / "own-releases"
    publish(folder, champion)
    return folder


def test_the_live_model_is_shown_with_its_provenance(serve, visit, own_releases):
    service = serve(releases_uri=own_releases)
    page = visit(service).page
    champion = service.client.get("/api/v1/model").json()["champion"]
    expect(page.get_by_text(f"Model {champion['version']} is live")).to_be_visible()
    model = page.get_by_role("region", name="The live model")
    for told in (f"Version {champion['version']}", champion["digest"], "live since"):
        expect(model).to_contain_text(told)
    for told in champion["provenance"].values():
        expect(model).to_contain_text(told)
    expect(model).to_contain_text(f"{champion['figures']['accuracy']:.1%}"[:-1])
    expect(model).to_contain_text("None: no other model is tried beside this one.")
    expect(model).to_contain_text("None: every release that came was fit to be served.")


def test_a_challenger_is_shown_with_what_it_does(serve, visit):
    page = visit(serve(challenger_mode="shadow")).page
    model = page.get_by_role("region", name="The live model")
    expect(model).to_contain_text("Version 2")
    expect(model).to_contain_text("In shadow")


def test_a_refused_release_is_shown_with_its_reason(serve, visit, own_releases, challenger):
    name = publish_release(challenger, own_releases)
    (own_releases / name / "model.onnx").write_bytes(b"something else")
    service = serve(releases_uri=own_releases)
    write_current(own_releases, Current(name))
    wait_until(lambda: service.client.get("/api/v1/model").json()["refused"])
    page = visit(service).page
    model = page.get_by_role("region", name="The live model")
    expect(model.get_by_role("listitem")).to_contain_text(name)
    expect(model.get_by_role("listitem")).to_contain_text("model.onnx")


def test_after_a_swap_the_next_answer_brings_the_new_version_to_the_eye(
    serve, visit, own_releases, challenger
):
    service = serve(releases_uri=own_releases)
    opened = visit(service)
    expect(opened.page.get_by_text("Model 1 is live")).to_be_visible()
    write_current(own_releases, Current(publish_release(challenger, own_releases)))
    wait_until(lambda: service.predict().json()["model_version"] == "2")
    opened.choose("A colonel of sixty")
    expect(opened.page.get_by_text("Model 2 is live")).to_be_visible()


def test_strange_passengers_make_drift_rise_before_ones_eyes(serve, visit):
    service = serve(drift_window=200)
    page = visit(service, reduced_motion="reduce").page
    drift = page.get_by_role("region", name="Drift")
    drift.scroll_into_view_if_needed()
    fare = drift.locator("details[data-field=fare]")
    expect(fare).to_contain_text("so far")

    drift.get_by_role("button", name="Send strange passengers").click()
    expect(drift.get_by_text("strange passengers sent")).to_be_visible()
    expect(fare).to_contain_text("moved")
    expect(drift).to_contain_text("The last 200 passengers")
    asked = service.client.get("/api/v1/drift").json()["fields"]["fare"]
    assert asked["drifted"]
    bar = fare.locator("[data-drift]")
    expect(bar).to_have_class("lowers")
    assert float(bar.get_attribute("data-drift")) == asked["drift"]


def test_an_opened_field_compares_its_bins_and_stays_open(service, visit):
    page = visit(service, reduced_motion="reduce").page
    service.predict(age=110)
    page.locator("#drift").scroll_into_view_if_needed()
    ages = page.locator("details[data-field=age]")
    ages.locator("summary").click()
    asked = service.client.get("/api/v1/drift").json()["fields"]["age"]["bins"]
    rows = ages.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(len(asked))
    assert [row.split("\t")[0].strip() for row in rows.all_inner_texts()] == [
        each["label"] for each in asked
    ]
    before = ages.locator("tbody").inner_text()
    for _ in range(5):
        service.predict(age=0.5)
    expect(ages.locator("tbody")).not_to_have_text(before, use_inner_text=True)
    expect(ages).to_have_attribute("open", "")


def test_a_service_that_is_gone_is_said_to_be_and_comes_back(service, visit):
    opened = visit(service)
    opened.page.clock.install()
    opened.page.route("**/api/v1/**", lambda route: route.abort("connectionrefused"))
    opened.page.reload()
    expect(opened.page.get_by_text("The service does not answer")).to_be_visible()
    expect(opened.page.get_by_text("as soon as the service answers")).to_be_visible()
    opened.page.unroute("**/api/v1/**")
    opened.page.clock.fast_forward(4000)
    expect(opened.page.get_by_role("button", name="Ask the model")).to_be_visible()
    expect(opened.page.get_by_text("The service does not answer")).to_be_hidden()
    opened.problems = [each for each in opened.problems if "ERR_CONNECTION_REFUSED" not in each]
