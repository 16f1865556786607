"""Who was champion before whom, and who is not to be champion again, as the ledger tells it."""

import pytest

from tests.tracking.test_ledger import an_event
from titanic_assets.tracking.champions import champion_before, champions, on_trial, withdrawn


def events(*moves):
    """`4` promotes version 4, `"4"` is a move by hand, `-4` the withdrawal of 4 to what was before.

    `(4, 2)` is the withdrawal of version 4 in favour of version 2.
    """
    told = []
    for number, move in enumerate(moves):
        kind, left, to = "promotion", champions(told)[-1:], move
        if isinstance(move, str):
            kind, to = "by_hand", int(move)
        elif isinstance(move, tuple):
            kind, to = "rollback", move[1]
        elif move < 0:
            kind, to = "rollback", champion_before(told)
        told.append(
            an_event(
                f"event {number}",
                kind=kind,
                from_version=left[0] if left else None,
                to_version=to,
                digest=f"d{to}",
                withdraws=f"d{left[0]}" if kind == "rollback" else None,
            )
        )
    return told


@pytest.mark.parametrize(
    ("moves", "line"),
    [
        ((), ()),
        ((3,), (3,)),
        ((3, 4), (3, 4)),
        ((3, 4, 3), (3, 4, 3)),
        ((3, "4"), (3, 4)),
        ((3, 4, 5, -5), (3, 4)),
        ((3, 4, 5, -5, -4), (3,)),
        ((3, 4, -4, 5), (3, 5)),
        ((3, 4, -4, "4"), (3, 4)),
        ((3, 4, -4, "4", -4), (3,)),
        # What was withdrawn is nowhere before the champion, wherever it had been.
        ((3, 4, 3, -3), (4,)),
        ((3, 4, 3, 4, 5, -5, -4), (3,)),
        # A line that was lost costs that champion, not the others.
        ((3, 4, (4, 2)), (3, 2)),
    ],
)
def test_the_champions_one_after_another(moves, line):
    assert champions(events(*moves)) == line


def test_before_the_first_champion_there_is_none():
    assert champion_before([]) is None
    assert champion_before(events(3)) is None
    assert champion_before(events(3, 4)) == 3
    assert champion_before(events(3, 4, -4)) is None


def test_a_challenger_is_no_champion():
    watched = an_event("c", alias="challenger", to_version=5)
    left = an_event("d", alias="challenger", to_version=None, digest="")
    assert champions([*events(3), watched, left]) == (3,)


def test_a_model_that_was_withdrawn_stays_so_until_a_person_makes_it_champion():
    told = events(3, 4, -4)
    assert withdrawn(told) == {"d4": told[-1]}
    assert withdrawn([*told, an_event("p", digest="d4", to_version=4)]) == {"d4": told[-1]}
    watched = an_event("w", digest="d4", alias="challenger", kind="by_hand")
    assert withdrawn([*told, watched]) == {"d4": told[-1]}
    assert withdrawn([*told, an_event("h", digest="d4", kind="by_hand")]) == {}
    assert withdrawn(events(3, 4, -4, "4", -4)) != {}


def a_challenger(version, **changes):
    return an_event(f"challenger {version}", alias="challenger", to_version=version, **changes)


def test_a_challenger_is_on_trial_until_the_champion_or_the_challenger_changes():
    trial = a_challenger(5, on_trial=True)
    assert on_trial([*events(3), trial]) == trial
    assert on_trial([*events(3), a_challenger(5)]) is None
    assert on_trial([*events(3), trial, a_challenger(6)]) is None
    assert on_trial([*events(3), trial, a_challenger(None)]) is None
    assert on_trial([*events(3), trial, an_event("other", to_version=4)]) is None
    again = a_challenger(5, on_trial=True, why="judged anew")
    assert on_trial([*events(3), trial, an_event("other", to_version=4), again]) == again
