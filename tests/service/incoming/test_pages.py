"""What browsers are told with each kind of answer."""

import pytest

from bento_service.guard.headers import API_HEADERS, DOCS_HEADERS, PAGE_HEADERS

PAGES = {"/ui": PAGE_HEADERS, "/ui/page.js": PAGE_HEADERS, "/": DOCS_HEADERS}
DOCS = {"/schema.json": DOCS_HEADERS, "/static_content/swagger-ui.css": DOCS_HEADERS}
API = dict.fromkeys(["/docs.json", "/api/v1/model", "/nothing", "/api/v1/predict"], API_HEADERS)


@pytest.mark.parametrize(("path", "headers"), {**PAGES, **DOCS, **API}.items())
def test_each_kind_of_answer_has_its_headers_once(service, path, headers):
    answer = service.client.get(path)
    for name, value in headers:
        assert answer.headers.get_list(name.decode()) == [value.decode()]
    assert len(answer.headers.get_list("content-type")) == 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ui", "text/html; charset=utf-8"),
        ("/ui/page.js", "text/javascript; charset=utf-8"),
        ("/ui/page.css", "text/css; charset=utf-8"),
        ("/ui/icon.svg", "image/svg+xml"),
        ("/docs.json", "application/json"),
        ("/livez", "text/plain; charset=utf-8"),
        ("/metrics", "text/plain; version=1.0.0; charset=utf-8"),
    ],
)
def test_answers_say_what_they_are(service, path, kind):
    assert service.client.get(path).headers["content-type"] == kind


def test_a_page_that_has_not_changed_is_not_sent_again(service):
    first = service.client.get("/ui")
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}'):
        again = service.client.get("/ui", headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert "content-length" not in again.headers
    assert service.client.get("/ui", headers={"if-none-match": '"x"'}).content == first.content


def test_a_slash_behind_the_page_leads_to_it(service):
    assert service.client.get("/ui/", follow_redirects=True).url.path == "/ui"
