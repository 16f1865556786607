"""What a drift report is about, what it concludes, and what it leaves open."""

import shutil

import pytest

from bento_service.drift import DriftWindow
from tests.drift.conftest import scores_of
from titanic_assets.monitoring.drift.making import history_of
from titanic_assets.monitoring.drift.window import LOOK_BACK_SECONDS
from titanic_assets.tracking.registry import NoRelease
from titanic_model.contract import Passenger
from titanic_model.reference import ENOUGH

OLD_AND_RICH = {"age": 110.0, "fare": 1900.0}


def test_usual_passengers_are_told_to_be_usual(home, drawn):
    home.register()
    home.ask(drawn(600))
    report = home.report()
    assert not report.asks_for_training
    assert report.champion.enough
    assert report.champion.drifted == ()
    assert "such passengers as it was trained on" in report.why
    assert report.why in home.said


def test_passengers_of_another_kind_are_told_with_the_fields_that_moved(home, drawn):
    home.register()
    home.ask(drawn(600, **OLD_AND_RICH))
    report = home.report()
    assert report.asks_for_training
    assert {"age", "fare"} <= {field.name for field in report.champion.drifted}
    assert not {"sex", "pclass"} & {field.name for field in report.champion.drifted}
    indices = [field.index for field in report.champion.drifted]
    assert indices == sorted(indices, reverse=True)
    for told in ("version 1", "600 predictions", "age (index", "fare (index"):
        assert told in report.why


def test_of_few_predictions_nothing_is_told(home, drawn):
    home.register()
    home.ask(drawn(ENOUGH - 1, **OLD_AND_RICH))
    report = home.report()
    assert not report.asks_for_training
    assert not report.champion.enough
    assert report.champion.drifted == ()
    assert report.champion.no_page == "too few predictions"
    assert "Too few to tell: 199 predictions of version 1" in report.why
    home.ask(drawn(1, **OLD_AND_RICH))
    assert home.report().asks_for_training


def test_report_and_window_say_the_same_of_the_same_passengers(home, drawn, champion, tmp_path):
    home.register()
    people = [*drawn(300), *drawn(100, seed=2, name=None, cabin=None), *drawn(100, **OLD_AND_RICH)]
    home.ask(people)
    window = DriftWindow(tmp_path, 0, len(people))
    window.follow("a" * 64, champion.reference)
    scores = scores_of(people, champion.model).tolist()
    window.add_many(champion.reference, 0, people, scores)
    for field in home.report().champion.fields:
        seen = window.window().fields[field.name]
        assert (field.index, field.bar, field.drifted) == (seen.index, seen.bar, seen.drifted)
        assert field.n == 500


def test_missing_values_are_told_then_and_now(home, drawn):
    home.register()
    home.ask([*drawn(300), *drawn(300, age=None)])
    age = {field.name: field for field in home.report().champion.fields}["age"]
    assert age.missing_then == pytest.approx(0.2, abs=0.03)
    assert age.missing_now == pytest.approx(0.6, abs=0.05)
    assert age.drifted
    assert age.bins[-1] == "missing"
    assert sum(age.now) == pytest.approx(1)


def test_a_report_is_about_the_predictions_since_the_one_before(home, drawn):
    home.register()
    home.ask(drawn(600, **OLD_AND_RICH))
    assert home.report().asks_for_training
    home.ask(drawn(500))
    report = home.report()
    assert report.champion.predictions == 500
    assert not report.asks_for_training


def test_where_few_are_new_it_is_about_the_newest(home, drawn):
    home.register()
    home.ask(drawn(600, **OLD_AND_RICH))
    home.report()
    home.ask(drawn(100))
    report = home.report()
    # All of one millisecond are taken in together.
    assert 500 <= report.champion.predictions <= 510
    assert report.asks_for_training


def test_the_same_predictions_make_a_report_of_the_same_name_and_one_line(home, drawn):
    home.register()
    home.ask(drawn(600, **OLD_AND_RICH))
    first, again = home.report(), home.report(now=home.clock + 60)
    assert first.report_id == again.report_id
    assert first.made != again.made
    assert len(history_of(home.settings).lines()) == 1
    home.ask(drawn(1))
    assert home.report().report_id != first.report_id


def test_what_was_said_before_a_version_was_registered_was_said_by_another(home, drawn):
    home.register()
    registered, home.clock = home.clock, home.clock - 10
    home.ask(drawn(600, **OLD_AND_RICH))
    home.clock = registered
    home.ask(drawn(300))
    report = home.report()
    assert report.champion.predictions == 300
    assert not report.asks_for_training


def test_a_new_report_on_old_predictions_says_how_old_they_are(home, drawn):
    home.register()
    home.ask(drawn(300))
    how_old = "The last of these predictions was made on"
    assert how_old not in home.report().why
    assert how_old in home.report(now=home.clock + 24 * 3600).why


def test_a_version_whose_release_is_gone_spoils_no_report_but_its_own(home, drawn):
    home.register(alias=None)
    home.register(bias=-0.5)
    home.ask(drawn(300))
    home.ask(drawn(300), version=2)

    def lose_release_of(version):
        run = home.registry.version(version).run_id
        shutil.rmtree(home.settings.places.mlflow / "artifacts" / run)

    lose_release_of(1)
    assert [each.version for each in home.report().versions] == [2]
    assert "version 1 is left out" in "".join(home.said)
    lose_release_of(2)
    with pytest.raises(NoRelease, match=r"of version 2.*Train anew"):
        home.report()


def test_what_is_older_than_a_week_is_no_news(home, drawn):
    home.register()
    home.ask(drawn(600, **OLD_AND_RICH))
    report = home.report(now=home.clock + LOOK_BACK_SECONDS + 1)
    assert report.champion.predictions == 0
    assert not report.asks_for_training


def test_versions_are_looked_at_apart_and_only_the_champion_asks(home, drawn):
    home.register()
    home.register(bias=-0.5, alias="challenger")
    home.ask(drawn(300))
    home.ask(drawn(300, **OLD_AND_RICH), version=2)
    report = home.report()
    roles = {each.version: (each.role, bool(each.drifted)) for each in report.versions}
    assert roles == {1: ("champion", False), 2: ("challenger", True)}
    assert not report.asks_for_training
    home.registry.move_alias("champion", 2)
    home.registry.drop_alias("challenger")
    home.ask(drawn(1), version=1)
    report = home.report()
    assert {each.version: each.role for each in report.versions} == {1: "earlier", 2: "champion"}
    assert report.asks_for_training


def test_without_a_champion_there_is_nothing_to_compare(home):
    report = home.report()
    assert (report.versions, report.asks_for_training) == ((), False)
    assert "no champion yet" in report.why


def test_a_version_whose_passengers_were_not_kept_has_numbers_and_no_page(home, drawn):
    home.register()
    home.ask(drawn(600, **OLD_AND_RICH))
    report = home.report()
    assert report.asks_for_training
    assert report.link is None
    assert "before its passengers were kept" in report.champion.no_page
    assert home.pages == {}


def test_passengers_of_whom_next_to_nothing_is_known_break_no_report(home):
    home.register(rows=True)
    home.ask([Passenger(pclass=3, sex="male", name="<script>alert(1)</script>")] * 300)
    report = home.report()
    assert report.link == "http://mlflow/drift/version-1.html"
    assert b"Drift of version 1, champion" in home.pages["drift/version-1.html"]
    assert {field.missing_now for field in report.champion.fields if field.name == "age"} == {1.0}
