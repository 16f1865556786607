import pytest

from bento_service.guard.headers import API_HEADERS, DOCS_HEADERS, PAGE_HEADERS


def policy(headers):
    rules = dict(headers)[b"content-security-policy"].decode().split("; ")
    return {rule.split()[0]: rule.split()[1:] for rule in rules}


@pytest.mark.parametrize("headers", [API_HEADERS, PAGE_HEADERS, DOCS_HEADERS])
def test_no_answer_may_be_framed_guessed_at_or_referred_to(headers):
    assert dict(headers)[b"x-content-type-options"] == b"nosniff"
    assert dict(headers)[b"referrer-policy"] == b"no-referrer"
    assert policy(headers)["frame-ancestors"] == ["'none'"]


def test_an_answer_of_the_api_runs_nothing_and_is_not_kept():
    assert policy(API_HEADERS)["default-src"] == ["'none'"]
    assert dict(API_HEADERS)[b"cache-control"] == b"no-store"


def test_the_page_takes_nothing_inline_and_nothing_foreign():
    assert policy(PAGE_HEADERS)["default-src"] == ["'self'"]
    assert b"unsafe" not in dict(PAGE_HEADERS)[b"content-security-policy"]


def test_the_docs_run_no_inline_script():
    assert policy(DOCS_HEADERS)["default-src"] == ["'self'"]
    assert "script-src" not in policy(DOCS_HEADERS)
    assert policy(DOCS_HEADERS)["style-src"] == ["'self'", "'unsafe-inline'"]


@pytest.mark.parametrize("headers", [API_HEADERS, PAGE_HEADERS, DOCS_HEADERS])
def test_names_are_written_as_the_server_wants_them(headers):
    assert all(name == name.lower() and name.isascii() for name, _ in headers)
    assert len(dict(headers)) == len(headers)
