import asyncio

import pytest

from bento_service.guard.callers import asked_for, make_callers, require
from bento_service.http import Refused
from bento_service.settings import Settings
from tests.service.guard.asking import NEAR, SECRET

NEARBY = make_callers(Settings())
ANYBODY = make_callers(Settings(auth="off"))


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.8.9.1", "127.8.9.1"),
        ("::1", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
    ],
)
def test_callers_on_this_machine_are_answered_by_their_address(address, key):
    assert NEARBY.identify({"client": (address, 1)}, {}).key == key


@pytest.mark.parametrize(
    "client",
    [("10.0.0.7", 1), ("::ffff:10.0.0.7", 1), ("fe80::1%eth0", 1), ("0.0.0.0", 1), ("", 0), None],  # noqa: S104
)
def test_callers_from_elsewhere_are_told_what_to_set(client):
    with pytest.raises(Refused, match=r"JWT_SECRET or JWKS_URL .* AUTH=off") as refused:
        NEARBY.identify({"client": client}, {})

    assert (refused.value.status, refused.value.kind) == (401, "unauthenticated")
    assert dict(refused.value.headers)[b"www-authenticate"].startswith(b"Bearer ")


@pytest.mark.parametrize("header", [b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(header):
    with pytest.raises(Refused):
        NEARBY.identify(NEAR, {header: b"127.0.0.1"})


@pytest.mark.parametrize("host", [b"localhost:8000", b"127.0.0.1", b"[::1]:8000", b"LOCALHOST"])
def test_this_machine_is_asked_for_by_its_own_names(host):
    assert NEARBY.identify(NEAR, {b"host": host}).key == "127.0.0.1"


@pytest.mark.parametrize("host", [b"evil.example", b"127.0.0.1.evil.example:8000", b"", b"\xff"])
def test_a_strangers_name_that_points_here_is_not_this_machine(host):
    with pytest.raises(Refused):
        NEARBY.identify(NEAR, {b"host": host})


@pytest.mark.parametrize("client", [("10.0.0.7", 1), ("not an address", 1), ("", 0), None])
def test_everybody_is_answered_where_asking_is_off(client):
    assert ANYBODY.identify({"client": client}, {b"forwarded": b"for=10.1.1.1"}).key


def test_asking_can_be_off_although_there_is_a_key():
    callers = make_callers(Settings(auth="off", jwt_secret=SECRET))

    assert callers.identify({"client": ("10.0.0.7", 1)}, {}).key == "10.0.0.7"


@pytest.mark.parametrize("callers", [NEARBY, ANYBODY])
def test_without_a_token_nobody_is_an_admin(callers):
    callers.start()
    caller = asyncio.run(callers.identify_later(NEAR, {}))
    callers.close()

    require(caller, "predict")
    with pytest.raises(Refused, match="admin"):
        require(caller, "admin")


def test_a_backend_says_for_whom_it_asks():
    assert asked_for({}) == ""
    assert asked_for({b"x-caller-key": b"person 7"}) == "person 7"


@pytest.mark.parametrize("named", [b"", b"x" * 129, b"two\nlines", b"\x00", "Zoë".encode()])
def test_an_odd_caller_key_is_refused(named):
    with pytest.raises(Refused, match="X-Caller-Key") as refused:
        asked_for({b"x-caller-key": named})

    assert refused.value.status == 422
