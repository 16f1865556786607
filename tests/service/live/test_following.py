"""What is taken, what is refused and why, and what goes on meanwhile."""

import json
import re
from dataclasses import replace

import pytest

from bento_service.live.sources import NoReleases, open_source
from tests.service.live.breaking import (
    forged,
    make_live,
    of_other_features,
    with_metadata,
    without_field,
    wrong_about_golden_rows,
)
from tests.service.releases import of_version
from tests.service.serving import wait_until
from titanic_model.published import CURRENT, publish_release, release_name


def versions(follower):
    return [model.version for model in follower.live.models]


def refusals(follower):
    return {refusal.name: refusal.reason for refusal in follower.refused}


def test_what_current_json_names_is_live(following, heard, champion, challenger):
    follower = following()
    assert versions(follower) == ["1", "2"]
    assert [model.variant for model in follower.live.models] == ["champion", "challenger"]
    assert heard.live == [[release_name(champion), release_name(challenger)]]
    assert not follower.behind


def test_champion_and_challenger_change_together(following, heard, folder, champion, challenger):
    follower = following()
    newer = [of_version(champion, "3"), of_version(challenger, "4")]
    names = make_live(folder, *newer)
    follower.check()
    assert versions(follower) == ["3", "4"]
    assert heard.live[1:] == [names]


def test_a_promoted_challenger_is_not_loaded_again(following, folder, challenger):
    follower = following()
    scorer = follower.live.challenger.scorer
    for file in (folder / release_name(challenger)).iterdir():
        file.unlink()  # nor does it have to be there any more
    (folder / CURRENT).write_text(json.dumps({"champion": release_name(challenger)}))
    follower.check()
    assert versions(follower) == ["2"]
    assert follower.live.champion.variant == "champion"
    assert follower.live.champion.scorer is scorer


def test_nothing_changes_when_current_json_does_not(following, heard):
    follower = following()
    live = follower.live
    follower.check()
    follower.check(again=True)
    assert follower.live is live
    assert len(heard.changes) == 1


def _published(folder, release):
    return publish_release(release, folder)


def _spoiled(folder, release):
    name = _published(folder, release)
    (folder / name / "model.onnx").write_bytes(release.model + b"\0")
    return name


def _without(folder, release, file):
    name = _published(folder, release)
    (folder / name / file).unlink()
    return name


def _moved(folder, release):
    name = _published(folder, release)
    (folder / name).rename(folder / "8-0123456789ab")
    return "8-0123456789ab"


UNFIT = {
    "changed bytes": (
        _spoiled,
        "model.onnx in .* is not the file that was released",
    ),
    "no model": (lambda folder, release: _without(folder, release, "model.onnx"), "no model.onnx"),
    "no manifest": (
        lambda folder, release: _without(folder, release, "manifest.json"),
        "it has no manifest.json",
    ),
    "another layout": (
        lambda folder, release: forged(folder, _published(folder, release), layout=99),
        "layout 99 and this code knows 1: restart with .* titanic_survival:7-[0-9a-f]{12}-…$",
    ),
    "other metadata": (
        lambda folder, release: forged(
            folder, _published(folder, release), metadata=with_metadata(colour="red")
        ),
        "has colour, which this code .* built for it, titanic_survival:7-[0-9a-f]{12}-…$",
    ),
    "other features": (
        lambda _, release: of_other_features(release),
        "built for it, titanic_survival:7-[0-9a-f]{12}-…$",
    ),
    "wrong golden rows": (
        lambda _, release: wrong_about_golden_rows(release),
        "golden passengers",
    ),
    "no model within": (
        lambda _, release: replace(release, model=b"nonsense"),
        "ONNX Runtime cannot load this model",
    ),
    "an empty model": (lambda _, release: replace(release, model=b""), "cannot load this model"),
    "no reference of age": (
        lambda folder, release: forged(
            folder, _published(folder, release), reference=without_field("age")
        ),
        "cannot be watched for drift, its reference has no age",
    ),
    "another under its name": (
        _moved,
        "holds the release 7-.*, which is another",
    ),
    "not there": (lambda *_: "9-0123456789ab", "is not a whole release"),
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_an_unfit_champion_is_refused_and_the_pair_before_goes_on(
    unfit, following, folder, heard, champion, challenger, caplog
):
    make, reason = UNFIT[unfit]
    follower = following()
    live = follower.live
    broken = make(folder, of_version(champion, "7"))
    [name, _] = make_live(folder, broken, of_version(challenger, "5"))
    follower.check()
    assert follower.live is live
    assert follower.behind
    [refusal] = heard.refusals
    assert refusal.name == name
    assert refusal == follower.refused[-1]
    assert re.search(reason, refusal.reason), refusal.reason
    assert [record.reason for record in caplog.records if record.message == "release refused"] == [
        refusal.reason
    ]


def test_a_refused_challenger_does_not_hold_up_the_champion(following, folder, champion):
    follower = following()
    newer, broken = of_version(champion, "3"), wrong_about_golden_rows(of_version(champion, "4"))
    [_, name] = make_live(folder, newer, broken)
    follower.check()
    assert versions(follower) == ["3"]
    assert "golden passengers" in refusals(follower)[name]
    assert follower.behind


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "null",
        "[]",
        '"1-0123456789ab"',
        "{}",
        '{"champion": null}',
        '{"champion": ""}',
        '{"champion": 1}',
        '{"champion": "../../etc"}',
        '{"champion": "1-0123456789ab/../.."}',
        '{"champion": "1-0123456789ab", "challenger": "../../etc"}',
        '{"champion": "1-0123456789ab", "third": "2-0123456789ab"}',
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_a_current_json_that_names_no_releases_is_refused(content, following, folder, heard):
    follower = following()
    live = follower.live
    named = (folder / CURRENT).read_bytes()
    (folder / CURRENT).write_bytes(content.encode("latin-1"))
    follower.check()
    assert follower.live is live
    assert [refusal.name for refusal in heard.refusals] == [CURRENT]
    assert follower.behind
    (folder / CURRENT).write_bytes(named)
    follower.check()
    assert not follower.behind
    assert follower.refused == ()


def test_when_current_json_vanishes_what_is_live_goes_on(following, folder, caplog):
    follower = following()
    live = follower.live
    named = (folder / CURRENT).read_bytes()
    (folder / CURRENT).unlink()
    for _ in range(3):
        follower.check()
    assert follower.live is live
    assert follower.unreachable == f"there is no current.json in {folder}"
    assert follower.behind
    assert [r.levelname for r in caplog.records if "cannot tell" in r.message] == ["ERROR"]
    (folder / CURRENT).write_bytes(named)
    follower.check()
    assert follower.live is live
    assert follower.unreachable is None


def test_a_folder_that_cannot_be_read_is_told_apart_from_one_without_releases(following, tmp_path):
    (tmp_path / "a file").touch()
    follower = following(open_source(str(tmp_path / "a file")))
    assert "NotADirectoryError" in follower.unreachable
    follower = following(open_source(str(tmp_path / "nowhere")))
    assert "there is no current.json" in follower.unreachable


def test_without_a_packed_release_and_a_folder_it_says_what_to_do(following):
    follower = following(NoReleases(), follow=False, start=True)
    assert follower.live is None
    assert "RELEASES_URI" in follower.unreachable


def test_a_release_that_becomes_whole_is_taken_soon(following, folder, champion, heard):
    follower = following(start=True)
    release = of_version(champion, "3")
    name = _without(folder, release, "model.onnx")
    make_live(folder, name)
    wait_until(lambda: heard.refusals)
    assert "no model.onnx" in refusals(follower)[name]
    (folder / name / "model.onnx").write_bytes(release.model)
    wait_until(lambda: versions(follower) == ["3"])
    assert follower.refused == ()
    assert not follower.behind


def test_the_same_refusal_is_told_once_however_often_it_is_tried(
    following, folder, heard, champion
):
    follower = following()
    make_live(folder, wrong_about_golden_rows(of_version(champion, "3")))
    for _ in range(4):
        follower.check(again=True)
    assert len(heard.refusals) == 1


def test_a_refusal_is_told_again_when_something_else_was_named_in_between(
    following, folder, heard, champion, caplog
):
    follower = following()
    good = (folder / CURRENT).read_bytes()
    broken = wrong_about_golden_rows(of_version(champion, "3"))
    for times in (1, 2):
        make_live(folder, broken)
        for _ in range(3):
            follower.check(again=True)
        assert len(heard.refusals) == times
        (folder / CURRENT).write_bytes(good)
        follower.check()
    assert len(follower.refused) == 1
    assert follower.refused[0] is heard.refusals[-1]
    assert [r.message for r in caplog.records].count("release refused") == 2


def test_a_refused_challenger_is_told_again_with_another_champion(
    following, folder, heard, champion
):
    follower = following()
    broken = wrong_about_golden_rows(of_version(champion, "9"))
    for number in (3, 4):
        make_live(folder, of_version(champion, str(number)), broken)
        follower.check()
    assert len(heard.refusals) == 2


def test_a_refusal_stays_to_be_read_after_a_rollback_until_the_release_is_taken(
    following, folder, champion
):
    follower = following()
    before = (folder / CURRENT).read_bytes()
    release = of_version(champion, "3")
    [name] = make_live(folder, release)
    good = (folder / name / "model.onnx").read_bytes()
    (folder / name / "model.onnx").write_bytes(b"bad")
    follower.check()
    (folder / CURRENT).write_bytes(before)
    follower.check()
    assert list(refusals(follower)) == [name]
    assert not follower.behind
    (folder / name / "model.onnx").write_bytes(good)
    make_live(folder, release)
    follower.check()
    assert refusals(follower) == {}


def test_only_the_last_refusals_are_kept(following, folder):
    follower = following()
    names = [f"{number}-0123456789ab" for number in range(20, 35)]
    for name in names:
        make_live(folder, name)
        follower.check()
    assert list(refusals(follower)) == names[-10:]


def test_a_burst_of_changes_ends_with_the_last(following, folder, champion, challenger):
    follower = following(start=True)
    for number in range(10, 40):
        release = champion if number % 2 else challenger
        make_live(folder, of_version(release, str(number)))
    wait_until(lambda: versions(follower) == ["39"])
    assert follower.refused == ()


def test_a_nudge_makes_every_worker_look_also_at_what_was_refused(
    following, folder, champion, challenger
):
    workers = [following(start=True, poll_seconds=3600) for _ in range(2)]
    make_live(folder, challenger)
    workers[0].nudge()
    assert versions(workers[0]) == ["2"]
    wait_until(lambda: versions(workers[1]) == ["2"])
    [name] = make_live(folder, of_version(champion, "3"))
    (folder / name / "model.onnx").rename(folder / "elsewhere")
    workers[0].nudge()
    assert workers[0].behind
    (folder / "elsewhere").rename(folder / name / "model.onnx")
    workers[1].nudge()
    wait_until(lambda: versions(workers[0]) == versions(workers[1]) == ["3"])


class FailingAtFirst(list):
    mended = False

    def append(self, change):
        if not self.mended:
            raise RuntimeError("full disk")
        super().append(change)


def test_a_failure_to_tell_of_a_change_does_not_end_the_watch(following, heard, caplog):
    failing = heard.changes = FailingAtFirst()
    follower = following(start=True)
    wait_until(lambda: "full disk" in (follower.unreachable or ""))
    failing.mended = True
    wait_until(lambda: follower.live and follower.unreachable is None)
    assert len(heard.changes) == 1
    assert len([r for r in caplog.records if "looking for a release failed" in r.message]) == 1
