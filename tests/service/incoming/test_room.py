"""The room for batches: what is held, by whom, and that it is all given back."""

import pytest

from bento_service.http import Caller, Refused, Request
from bento_service.room import Room


def request_of(name):
    request = Request.within("/", b"", "id")
    request.caller = Caller(name, frozenset())
    return request


def refused(room, request, size):
    with pytest.raises(Refused) as refusal:
        room.take(request, size)
    return refusal.value.kind


def test_one_caller_gets_half_and_leaves_the_rest_to_others():
    room = Room(100)
    one, same, other = request_of("one"), request_of("one"), request_of("other")
    room.take(one, 30)
    room.take(same, 20)
    assert refused(room, one, 1) == "overloaded"
    room.take(other, 50)
    assert refused(room, request_of("third"), 1) == "overloaded"


def test_what_is_given_back_is_there_for_others():
    room = Room(100)
    first, second = request_of("one"), request_of("two")
    for _ in range(3):
        room.take(first, 50)
        room.take(second, 50)
        room.change(first, 0)
        room.change(second, 0)
    assert first.held == second.held == 0


def test_a_refused_piece_is_not_held():
    room = Room(100)
    request = request_of("one")
    room.take(request, 40)
    assert refused(room, request, 11) == "overloaded"
    room.take(request, 10)
    assert request.held == 50


def test_an_answer_is_held_however_long_it_is():
    room = Room(100)
    request = request_of("one")
    room.take(request, 10)
    room.change(request, 300)
    assert refused(room, request_of("two"), 1) == "overloaded"
    room.change(request, 0)
    room.take(request_of("two"), 50)
