import pytest

from bento_service.guard.shared_counts import SharedCounts


@pytest.fixture
def opened(tmp_path):
    stores = []

    def open_counts(**options):
        stores.append(SharedCounts(tmp_path / "a file", **options))
        return stores[-1]

    yield open_counts
    for store in stores:
        store.close()


def test_whoever_opens_it_later_finds_the_counts(opened):
    for _ in range(3):
        opened().count("caller", 60)

    assert opened().count("caller", 60).requests == 4


def test_a_window_that_is_over_counts_nothing(opened):
    now = 1_800_000_000.0
    counts = opened(clock=lambda: now)
    assert counts.count("caller", 60) == (1, now + 60)
    assert counts.count("caller", 60) == (2, now + 60)

    now += 60
    assert counts.count("caller", 60) == (1, now + 60)


def test_more_callers_than_fit_push_out_the_least_busy(opened):
    counts = opened(buckets=1)
    for _ in range(50):
        counts.count("busy", 60)
    for number in range(100):
        counts.count(f"caller {number}", 60)

    assert counts.count("busy", 60).requests == 51


def test_callers_whose_window_is_over_make_room_first(opened):
    now = 1_800_000_000.0
    counts = opened(buckets=1, clock=lambda: now)
    for number in (*range(15), *range(15)):
        counts.count(f"gone {number}", 1)
    counts.count("here", 60)

    now += 2
    for number in (*range(15), *range(15)):
        counts.count(f"new {number}", 60)
    assert counts.count("here", 60).requests == 2


def test_its_size_does_not_grow_with_the_callers(opened, tmp_path):
    counts = opened()
    size = (tmp_path / "a file").stat().st_size
    for number in range(5000):
        counts.count(f"caller {number}", 60)

    assert (tmp_path / "a file").stat().st_size == size < 3_000_000


@pytest.mark.parametrize("content", [b"something else", b"x" * 5_000_000])
def test_a_file_that_holds_something_else_is_begun_anew(opened, tmp_path, content):
    (tmp_path / "a file").write_bytes(content)

    assert opened().count("caller", 60).requests == 1
    assert opened().count("caller", 60).requests == 2


def test_callers_cannot_be_read_from_the_file(opened, tmp_path):
    opened().count("somebody", 60)

    assert b"somebody" not in (tmp_path / "a file").read_bytes()
    assert (tmp_path / "a file").stat().st_mode & 0o077 == 0
