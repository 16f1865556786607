import asyncio
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from bento_service.guard.callers import make_callers
from bento_service.guard.published_keys import Pace
from bento_service.http import Refused
from bento_service.settings import Settings, WrongSetting, load_settings
from tests.service.guard.asking import SECRET, ask, bearing, claims, refusal_of, wait_until
from tests.service.guard.key_server import published, signed

RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()

QUICK = Pace(refresh=0.2, cool_down=0.05, kept=60.0, timeout=2.0, patience=1.0)
NEVER_BY_ITSELF = Pace(refresh=3600.0, cool_down=0.05)


@pytest.fixture
def following(key_server):
    """Callers of the key server's tokens."""
    started = []

    def start(pace=QUICK):
        callers = make_callers(Settings(jwks_url=key_server.url), pace)
        callers.start()
        started.append(callers)
        return callers

    yield start
    for callers in started:
        callers.close()


def a_token(key=RSA, kid="first", algorithm="RS256", **changes):
    return signed(key, kid, algorithm, **claims(**changes))


def is_refused(callers, token):
    try:
        ask(callers, token)
    except Refused:
        return True
    return False


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(RSA, "RS256"), (RSA, "PS256"), (CURVE, "ES256"), (EDWARDS, "EdDSA")],
)
def test_each_kind_of_key_is_accepted(key_server, following, key, algorithm):
    key_server.publish(published(key, "first", algorithm))

    assert ask(following(), a_token(key, algorithm=algorithm)).key == "somebody"


def test_a_key_that_names_no_algorithm_goes_by_its_kind(key_server, following):
    anonymous = published(RSA, "first")
    del anonymous["alg"]
    key_server.publish(anonymous)
    callers = following()

    assert ask(callers, a_token(algorithm="RS256"))
    assert ask(callers, a_token(algorithm="PS256"))


def test_a_key_for_one_algorithm_does_not_serve_another(key_server, following):
    key_server.publish(published(RSA, "first", "RS256"))

    refused = refusal_of(following(), a_token(algorithm="PS256"))
    assert "algorithm" in refused.message


def test_a_public_key_is_no_secret(key_server, following):
    key_server.publish(published(RSA, "first"))
    public = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # PyJWT itself declines to sign so, an attacker would not.
    signer = jwt.PyJWS()
    signer.unregister_algorithm("HS256")
    signer.register_algorithm("HS256", AnyBytes(jwt.algorithms.HMACAlgorithm.SHA256))
    forged = jwt.PyJWT()
    forged._jws = signer
    token = forged.encode(claims(), public, algorithm="HS256", headers={"kid": "first"})

    assert "algorithm" in refusal_of(following(), token).message


class AnyBytes(jwt.algorithms.HMACAlgorithm):
    def prepare_key(self, key):
        return key


def test_published_secrets_and_weak_or_broken_keys_are_left_out(key_server, following):
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  weak on purpose
    secret = {"kty": "oct", "kid": "secret", "k": "YS1zZWNyZXQtdGhhdC1ub2JvZHktZWxzZS1rbm93cy0zMg"}
    key_server.publish(
        published(weak, "weak"),
        secret,
        {"kty": "RSA", "kid": "broken", "n": 5, "e": []},
        {"kty": ["RSA"], "kid": "odd"},
        {"kid": 7},
        "no key",
        published(RSA, "for encryption", use="enc"),
        published(RSA, "first"),
    )
    callers = following()

    assert ask(callers, a_token())
    headers = {"kid": "secret"}
    by_secret = jwt.encode(claims(), "a-secret-that-nobody-else-knows-32", headers=headers)
    assert "(kid)" in refusal_of(callers, by_secret).message
    assert "(kid)" in refusal_of(callers, a_token(RSA, "for encryption")).message
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        by_weak = a_token(weak, "weak")
    assert "(kid)" in refusal_of(callers, by_weak).message


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (a_token(exp=int(time.time()) - 1), "expired"),
        (a_token(nbf=int(time.time()) + 10_800), "not valid yet"),
        (a_token(exp=None), "exp"),
        (a_token(aud="somebody-else"), "audience"),
        (a_token(OTHER_RSA), "signature"),
        (a_token(CURVE, algorithm="ES256"), "algorithm"),
        (jwt.encode(claims(), SECRET, headers={"kid": "first"}), "algorithm"),
        (jwt.encode(claims(), None, algorithm="none", headers={"kid": "first"}), "algorithm"),
        (jwt.encode(claims(), RSA, algorithm="RS256"), "which key"),
        ("x.y.z", "malformed"),
    ],
)
def test_a_wrong_token_is_refused_with_its_reason(key_server, following, token, reason):
    key_server.publish(published(RSA, "first"))

    refused = refusal_of(following(), token)

    assert (refused.status, refused.kind) == (401, "unauthenticated")
    assert reason in refused.message


def test_a_known_key_is_found_without_waiting(key_server, following):
    key_server.publish(published(RSA, "first"))
    callers = following()
    ask(callers, a_token())

    assert callers.identify({}, bearing(a_token(sub="somebody else"))).key == "somebody else"


def test_a_new_key_counts_as_soon_as_a_token_names_it(key_server, following):
    key_server.publish(published(RSA, "first"))
    callers = following(NEVER_BY_ITSELF)
    ask(callers, a_token())

    key_server.publish(published(RSA, "first"), published(OTHER_RSA, "second"))
    renewed = a_token(OTHER_RSA, "second")
    wait_until(lambda: not is_refused(callers, renewed))
    assert ask(callers, a_token())


def test_a_withdrawn_key_is_refused_though_its_tokens_are_remembered(key_server, following):
    key_server.publish(published(RSA, "first"), published(OTHER_RSA, "second"))
    callers = following()
    token = a_token()
    ask(callers, token)

    key_server.publish(published(OTHER_RSA, "second"))
    wait_until(lambda: is_refused(callers, token))
    assert refusal_of(callers, token).status == 401
    assert ask(callers, a_token(OTHER_RSA, "second"))


def test_a_key_that_is_replaced_under_its_name_no_longer_counts(key_server, following):
    key_server.publish(published(RSA, "first"))
    callers = following()
    token = a_token()
    ask(callers, token)

    key_server.publish(published(OTHER_RSA, "first"))
    wait_until(lambda: is_refused(callers, token))
    assert "signature" in refusal_of(callers, token).message


def test_withdrawing_all_keys_refuses_all_tokens(key_server, following):
    key_server.publish(published(RSA, "first"))
    callers = following()
    token = a_token()
    ask(callers, token)

    key_server.publish()
    wait_until(lambda: is_refused(callers, token))
    assert refusal_of(callers, token).status == 401


def test_while_the_key_server_is_down_known_keys_go_on(key_server, following, caplog):
    key_server.publish(published(RSA, "first"))
    callers = following(Pace(refresh=0.05, cool_down=0.05))
    ask(callers, a_token())

    key_server.go_down()
    wait_until(lambda: not callers.keys_reachable)
    assert ask(callers, a_token(sub="somebody new")).key == "somebody new"
    unknown = refusal_of(callers, a_token(OTHER_RSA, "second"))
    assert (unknown.status, unknown.kind) == (503, "keys_unavailable")
    assert int(dict(unknown.headers)[b"retry-after"]) >= 1

    asked = len(caplog.records)
    assert refusal_of(callers, a_token(OTHER_RSA, "second")).status == 503
    assert len(caplog.records) == asked == 1  # said once, however often it is tried

    key_server.publish(published(OTHER_RSA, "second"))
    key_server.come_back()
    wait_until(lambda: callers.keys_reachable)
    assert ask(callers, a_token(OTHER_RSA, "second"))


def test_known_keys_do_not_go_on_for_ever(key_server, following):
    key_server.publish(published(RSA, "first"))
    callers = following(Pace(refresh=0.05, cool_down=0.05, kept=0.3))
    ask(callers, a_token())

    key_server.go_down()
    wait_until(lambda: is_refused(callers, a_token()))
    assert refusal_of(callers, a_token()).kind == "keys_unavailable"
    key_server.come_back()
    wait_until(lambda: not is_refused(callers, a_token()))


def test_before_the_first_keys_are_there_nobody_is_called_wrong(key_server, following):
    key_server.go_down()
    callers = following()
    assert refusal_of(callers, a_token()).kind == "keys_unavailable"

    key_server.publish(published(RSA, "first"))
    key_server.come_back()
    wait_until(lambda: not is_refused(callers, a_token()))


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b'{"keys": 5}')]
)
def test_an_answer_that_names_no_keys_is_an_outage(key_server, following, status, body):
    key_server.publish(published(RSA, "first"))
    callers = following(Pace(refresh=0.05, cool_down=0.05))
    ask(callers, a_token())

    key_server.status, key_server.body = status, body
    wait_until(lambda: not callers.keys_reachable)
    assert ask(callers, a_token(sub="somebody new"))


def test_a_flood_of_unknown_keys_does_not_reach_the_key_server(key_server, following):
    key_server.publish(published(RSA, "first"))
    callers = following(Pace(refresh=3600.0, cool_down=3600.0))
    ask(callers, a_token())
    flood = [bearing(a_token(kid=f"odd {number}")) for number in range(40)]

    async def ask_all():
        return await asyncio.gather(
            *(callers.identify_later({}, headers) for headers in flood), return_exceptions=True
        )

    refusals = asyncio.run(ask_all())
    assert {refused.status for refused in refusals} == {401}
    assert key_server.asked == 1


def test_many_that_miss_a_key_ask_for_it_once(key_server, following):
    key_server.publish(published(OTHER_RSA, "second"))
    callers = following(Pace(refresh=3600.0, cool_down=0.0, patience=5.0))
    ask(callers, a_token(OTHER_RSA, "second"))
    asked = key_server.asked
    key_server.publish(published(RSA, "first"))
    key_server.hold.clear()
    headers = [bearing(a_token(sub=f"caller {number}")) for number in range(20)]

    async def ask_all():
        waiting = asyncio.gather(*(callers.identify_later({}, each) for each in headers))
        while key_server.asked == asked:  # noqa: ASYNC110  the server is a thread
            await asyncio.sleep(0.01)
        key_server.hold.set()
        return await waiting

    assert len(asyncio.run(ask_all())) == 20
    assert key_server.asked == asked + 1


def test_a_key_server_that_hangs_holds_up_nobody_else(key_server, following):
    key_server.publish(published(RSA, "first"))
    callers = following(Pace(refresh=3600.0, cool_down=0.0, patience=0.3, timeout=8.0))
    ask(callers, a_token())
    key_server.hold.clear()

    async def ask_meanwhile():
        loop = asyncio.get_running_loop()
        missing = bearing(a_token(OTHER_RSA, "second"))
        began = loop.time()
        waiting = asyncio.create_task(callers.identify_later({}, missing))
        longest_pause = 0.0
        while not waiting.done():
            before = loop.time()
            assert callers.identify({}, bearing(a_token(exp=int(time.time()) + 300)))
            await asyncio.sleep(0.01)
            longest_pause = max(longest_pause, loop.time() - before)
        with pytest.raises(Refused) as refused:
            waiting.result()
        return refused.value, loop.time() - began, longest_pause

    refused, seconds, longest_pause = asyncio.run(ask_meanwhile())
    assert refused.kind == "keys_unavailable"
    assert seconds < 2.0
    assert longest_pause < 1.0
    key_server.hold.set()


def test_only_web_addresses_are_asked_for_keys(monkeypatch):
    monkeypatch.setenv("JWKS_URL", "file:///etc/passwd")
    with pytest.raises(WrongSetting, match="JWKS_URL"):
        load_settings()


def test_no_token_is_told_when_keys_fail(key_server, following, caplog):
    key_server.go_down()
    token = a_token()
    refused = refusal_of(following(), token)

    assert token not in refused.answer("id").body.decode() + caplog.text
    assert token.split(".")[2] not in repr(refused.headers) + caplog.text
    key_server.come_back()
