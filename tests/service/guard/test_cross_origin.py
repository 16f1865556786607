import pytest

from bento_service.guard.cross_origin import CrossOrigin
from bento_service.http import Refused
from bento_service.settings import Settings, WrongSetting

PAGE = b"https://page.example"
PREFLIGHT = {b"origin": PAGE, b"access-control-request-method": b"POST"}


def of(origins):
    return CrossOrigin(Settings(cors_origins=origins))


NAMED = of("https://page.example, http://localhost:5173/")


def test_without_origins_nothing_is_said():
    assert of("").headers({b"origin": PAGE}) == ()
    assert of("").preflight("OPTIONS", PREFLIGHT) is None


@pytest.mark.parametrize("origin", [PAGE, b"http://localhost:5173"])
def test_a_named_origin_may_read_the_answers(origin):
    headers = dict(NAMED.headers({b"origin": origin}))

    assert headers[b"access-control-allow-origin"] == origin
    assert headers[b"vary"] == b"origin"
    assert b"x-request-id" in headers[b"access-control-expose-headers"]


@pytest.mark.parametrize(
    "origin",
    [
        b"http://page.example",
        b"https://page.example:8443",
        b"https://page.example.evil.example",
        b"https://sub.page.example",
        b"https://page.example/",
        b"null",
        b"*",
        b"",
    ],
)
def test_any_other_origin_may_not(origin):
    assert NAMED.headers({b"origin": origin}) == ((b"vary", b"origin"),)
    with pytest.raises(Refused, match="CORS_ORIGINS") as refused:
        NAMED.preflight("OPTIONS", {**PREFLIGHT, b"origin": origin})
    assert refused.value.status == 403
    assert refused.value.headers == ()


def test_without_an_origin_answers_still_vary_by_it():
    assert NAMED.headers({}) == ((b"vary", b"origin"),)


def test_a_browser_that_asks_first_is_told_what_it_may_send():
    answer = NAMED.preflight("OPTIONS", PREFLIGHT)

    headers = dict(answer.headers)
    assert (answer.status, answer.body) == (204, b"")
    assert headers[b"access-control-allow-methods"] == b"GET, POST"
    assert b"authorization" in headers[b"access-control-allow-headers"]
    # Who may read it is said on every answer, this one included.
    assert not headers.keys() & dict(NAMED.headers(PREFLIGHT)).keys()


@pytest.mark.parametrize(
    ("method", "headers"), [("POST", PREFLIGHT), ("OPTIONS", {b"origin": PAGE}), ("OPTIONS", {})]
)
def test_other_requests_are_not_taken_for_that_question(method, headers):
    assert NAMED.preflight(method, headers) is None


@pytest.mark.parametrize("origins", ["*", "null", "page.example", "https://a.example/path"])
def test_what_is_no_origin_is_refused_at_the_start(origins):
    with pytest.raises(WrongSetting, match="CORS_ORIGINS"):
        of(origins)
