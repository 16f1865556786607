import base64
import json
import time

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bento_service.guard.callers import make_callers, require
from bento_service.http import Caller, Refused
from bento_service.settings import Settings
from tests.service.guard.asking import SECRET, a_token, ask, bearing, claims, refusal_of

OTHER_SECRET = "another-secret-of-at-least-32-bytes!"  # noqa: S105  of the tests
CALLERS = make_callers(Settings(jwt_secret=SECRET))


def part(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")


def unsigned(algorithm="none"):
    return b".".join((part({"alg": algorithm, "typ": "JWT"}), part(claims()), b""))


def with_spoiled_signature():
    head, body, signature = a_token().split(".")
    return f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def with_other_claims():
    head, _, signature = a_token().split(".")
    return b".".join((head.encode(), part(claims(sub="admin")), signature.encode()))


WRONG = {
    "expired": (a_token(exp=int(time.time()) - 1), "expired"),
    "not yet valid": (a_token(nbf=int(time.time()) + 10_800), "not valid yet"),
    "issued in the future": (a_token(iat=int(time.time()) + 10_800), "not valid yet"),
    "without an end": (a_token(exp=None), "lacks the claim `exp`"),
    "with an endless end": (a_token(exp=1e400), "malformed"),
    "with a worded end": (a_token(exp="never"), "malformed"),
    "for another audience": (a_token(aud="somebody-else"), "audience"),
    "without an audience": (a_token(aud=None), "lacks the claim `aud`"),
    "without a subject": (a_token(sub=None), "lacks the claim `sub`"),
    "with an empty subject": (a_token(sub=""), "subject"),
    "with a blank subject": (a_token(sub="  "), "subject"),
    "with an endless subject": (a_token(sub="x" * 129), "subject"),
    "with a subject of two lines": (a_token(sub="a\nb"), "subject"),
    "by another algorithm": (a_token(algorithm="HS512", secret=SECRET * 2), "algorithm"),
    "unsigned": (unsigned(), "algorithm"),
    "unsigned, written otherwise": (unsigned("NONE"), "algorithm"),
    "unsigned, under a good name": (unsigned("HS256"), "signature"),
    "by another key": (a_token(OTHER_SECRET), "signature"),
    "with a spoiled signature": (with_spoiled_signature(), "signature"),
    "with other claims": (with_other_claims(), "signature"),
    "no token at all": ("x", "malformed"),
    "three odd parts": ("a.b.c", "malformed"),
    "not text": (b"\xff\xfe.\x80.\x81", "malformed"),
    "deeply nested": (jwt.api_jws.encode(b"[" * 5000, SECRET), "malformed"),
    "too long": ("x" * 9000, "too long"),
}


@pytest.mark.parametrize(("token", "reason"), WRONG.values(), ids=WRONG)
def test_a_wrong_token_is_refused_with_its_reason(token, reason):
    refused = refusal_of(CALLERS, token)

    assert (refused.status, refused.kind) == (401, "unauthenticated")
    assert reason in refused.message
    challenge = dict(refused.headers)[b"www-authenticate"].decode()
    assert challenge.startswith('Bearer realm="titanic-survival", error="invalid_token"')
    assert challenge.count('"') == 6


@pytest.mark.parametrize("token", [token for token, _ in WRONG.values()], ids=WRONG)
def test_a_refusal_tells_neither_the_token_nor_the_secret(token, caplog):
    caplog.set_level("DEBUG")
    refused = refusal_of(CALLERS, token)
    token = token if isinstance(token, bytes) else token.encode()

    answer = refused.answer("id")
    told = answer.body + b" ".join(value for _, value in answer.headers) + caplog.text.encode()
    assert SECRET.encode() not in told
    assert not any(piece in told for piece in token.split(b".") if len(piece) > 3)


@pytest.mark.parametrize(
    "header", [b"", b"Bearer", b"Bearer ", b"Basic dXNlcjpwYXNz", b"Bearer a b", b"token x"]
)
def test_without_a_bearer_token_one_is_asked_for(header):
    with pytest.raises(Refused, match="Authorization") as refused:
        CALLERS.identify({}, {b"authorization": header} if header else {})

    assert refused.value.status == 401
    assert refused.value.headers == ((b"www-authenticate", b'Bearer realm="titanic-survival"'),)


@given(st.binary(max_size=400))
def test_whatever_comes_as_a_token_is_refused_and_breaks_nothing(token):
    with pytest.raises(Refused) as refused:
        CALLERS.identify({}, bearing(token))

    assert refused.value.status == 401


def test_a_good_token_names_the_caller_and_what_it_may_do():
    assert ask(CALLERS, a_token(sub="Zoë")) == Caller("Zoë", frozenset({"predict"}))


def test_the_scheme_may_be_written_in_small_letters():
    header = b"bearer " + a_token().encode()

    assert CALLERS.identify({}, {b"authorization": header}).key == "somebody"


def test_an_issuer_whose_clock_is_a_little_ahead_is_believed():
    assert ask(CALLERS, a_token(iat=int(time.time()) + 3, nbf=int(time.time()) + 3))


def test_a_token_for_several_audiences_is_for_this_one_too():
    assert ask(CALLERS, a_token(aud=["somebody-else", "titanic-survival"]))


@pytest.mark.parametrize("issuer", ["somebody-else", None])
def test_another_issuer_is_refused_where_one_is_named(issuer):
    callers = make_callers(Settings(jwt_secret=SECRET, jwt_issuer="https://issuer.example"))

    assert "iss" in refusal_of(callers, a_token(iss=issuer)).message
    assert ask(callers, a_token(iss="https://issuer.example"))


@pytest.mark.parametrize(
    ("written", "scopes"),
    [
        ({"scope": "predict admin"}, {"predict", "admin"}),
        ({"scope": None, "scopes": ["predict"]}, {"predict"}),
        ({"scope": "predict", "scopes": ["admin"]}, {"predict", "admin"}),
        ({"scope": 5, "scopes": {"admin": True}}, set()),
        ({"scope": None, "scopes": ["predict", 5, ["admin"]]}, {"predict"}),
        ({"scope": None}, set()),
    ],
)
def test_scopes_are_read_from_either_claim(written, scopes):
    assert ask(CALLERS, a_token(**written)).scopes == scopes


def test_a_missing_scope_is_refused_by_its_name():
    caller = ask(CALLERS, a_token(scope="predict"))

    require(caller, "predict")
    with pytest.raises(Refused, match="`admin`") as refused:
        require(caller, "admin")
    assert (refused.value.status, refused.value.kind) == (403, "forbidden")
    challenge = dict(refused.value.headers)[b"www-authenticate"]
    assert b'error="insufficient_scope", scope="admin"' in challenge


def test_settings_do_not_show_the_secret():
    settings = Settings(jwt_secret=SECRET)

    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())
    assert SECRET not in repr(vars(make_callers(settings)))


def test_the_tests_make_tokens_as_others_do():
    assert jwt.decode(a_token(), SECRET, algorithms=["HS256"], audience="titanic-survival")
