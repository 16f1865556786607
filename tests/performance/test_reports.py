"""Reports from what the service logged: which versions, since when, and what they come to."""

import time

import numpy as np
import pytest

from tests.performance.rates import chances
from titanic_assets.monitoring.experiment import making as experiments
from titanic_assets.monitoring.performance import making
from titanic_assets.tracking.versions import MODEL_NAME

HOURS = 3600.0


def answer(home, version, said, truth, **how):
    home.asked(version, said, **how)
    told = {name: how[name] for name in ("at", "named", "caller") if name in how}
    home.became(truth, **told)


def report(home):
    home.collect()
    return making.make_report(home.settings, home.registry, time.time() + 48 * HOURS)


def experiment(home):
    home.collect()
    return experiments.make_report(home.settings, home.registry, time.time() + 48 * HOURS)


def test_without_a_champion_that_answered_there_is_nothing_to_ask(home):
    found = report(home)
    assert (found.versions, found.asks_for_training) == ((), False)
    assert found.why == "No champion has made predictions yet."
    home.register(-1.0, "champion")
    assert not report(home).asks_for_training


def test_a_champion_that_keeps_its_promise_asks_for_nothing(home, chance):
    version = home.register(-1.0, "champion")
    said = chances(chance, 300)
    answer(home, version, said, chance.random(300) < said)
    found = report(home)
    champion = found.champion
    assert (champion.kept.state, found.asks_for_training) == ("as_promised", False)
    assert (champion.version, champion.predictions, champion.known) == (version, 300, 300)
    assert champion.promise.accuracy == pytest.approx(0.79)
    assert champion.promise.passengers == 1000
    assert [day.outcomes for day in champion.days] == [300]
    assert (champion.first, champion.last) == (home.began, home.began + 299)
    # It is looked at two days later.
    assert "The last of these predictions was made on" in found.why


def test_a_champion_that_became_worse_asks_for_training_once_per_outcomes(home, chance):
    version = home.register(-1.0, "champion")
    said = chances(chance, 600)
    truth = chance.random(600) < np.where(np.arange(600) < 100, said, 1 - said)
    answer(home, version, said, truth)
    first = report(home)
    assert first.asks_for_training
    assert first.why.startswith(f"Version {version} was right about")
    # The newest five hundred are judged, however good it was before.
    assert first.champion.figures.outcomes == 500
    assert first.champion.figures.accuracy < 0.3
    assert report(home).report_id == first.report_id
    answer(home, version, said[:1], truth[:1], named="one more", at=1)
    assert report(home).report_id != first.report_id


def test_only_the_champion_asks_and_the_last_ones_before_are_shown(home, chance):
    versions = [home.register(-1.0 - number / 10) for number in range(5)]
    said = chances(chance, 150)
    for at, version in enumerate(versions):
        true = said if version == versions[0] else 1 - said
        answer(home, version, said, chance.random(150) < true, named=f"by {version}", at=at)
    home.registry.move_alias("champion", versions[0])
    home.registry.move_alias("challenger", versions[2])
    found = report(home)
    assert [(each.version, each.role) for each in found.versions] == [
        (versions[0], "champion"),
        (versions[2], "challenger"),
        (versions[4], "earlier"),
        (versions[3], "earlier"),
    ]
    assert [each.kept.state for each in found.versions[1:]] == ["worse"] * 3
    assert not found.versions[0].kept.broken
    assert not found.asks_for_training


def test_what_another_model_said_under_the_same_number_is_not_held_against_it(home, chance):
    said = chances(chance, 200)
    answer(home, 1, said, said < 0.5, at=-2)  # MLflow was forgotten since
    version = home.register(-1.0, "champion")
    assert version == 1
    assert report(home).champion is None
    answer(home, 1, said, said >= 0.5, named="after")
    assert report(home).champion.figures.accuracy == 1


def test_a_clock_that_is_a_year_ahead_is_not_the_newest_for_a_year(home, chance):
    champion, challenger = home.register(-1.0, "champion"), home.register(-1.1, "challenger")
    said = chances(chance, 600)
    answer(home, champion, said[:200], said[:200] >= 0.5)
    home.asked(champion, said, named="ahead", at=365 * 24)
    home.asked(challenger, said, named="ahead", at=365 * 24, served=False)
    home.became(said < 0.5, named="ahead", at=365 * 24)
    judged = report(home).champion
    assert (judged.figures.outcomes, judged.figures.accuracy, judged.predictions) == (200, 1, 200)
    assert experiment(home).experiment.contest is None


def test_outcomes_that_prove_nothing_are_told_of(home):
    champion, challenger = home.register(-1.0, "champion"), home.register(-1.1, "challenger")
    home.asked(champion, [0.9] * 150, way="passenger")
    home.asked(challenger, [0.8] * 150, way="passenger", served=False)
    home.became([True] * 150)
    found = report(home)
    assert (found.champion.known, found.champion.learnt, found.champion.figures) == (150, 150, None)
    assert "150 about passengers that it may have been trained on do not count" in found.why
    assert experiment(home).experiment.left_out == 150


def test_a_version_whose_release_is_gone_is_judged_by_its_chances_alone(home, chance):
    version = home.register(-1.0, "champion")
    run = home.registry.version(version).run_id
    for file in home.settings.places.mlflow.rglob(f"{run}/**/metadata.json"):
        file.unlink()
    said = chances(chance, 200)
    answer(home, version, said, said < 0.5)
    champion = report(home).champion
    assert champion.promise is None
    assert champion.kept.state == "miscalibrated"
    assert "what it promised is not known" in champion.kept.sentence


@pytest.fixture
def both(home):
    """Champion and challenger."""
    return home.register(-1.0, "champion"), home.register(-1.1, "challenger")


def test_without_a_challenger_there_is_no_experiment(home):
    home.register(-1.0, "champion")
    assert experiment(home).experiment is None


def test_a_challenger_of_unknown_making_is_compared_with_nothing(home):
    home.register(-1.0, "champion")
    home.registry.client.create_model_version(MODEL_NAME, "/nowhere")
    home.registry.move_alias("challenger", 2)
    found = experiment(home)
    assert found.experiment is None
    assert "version 2 of titanic-survival was not registered by the training job" in found.why


def test_a_challenger_that_nobody_asks_waits(home, both):
    home.asked(both[0], [0.5] * 30)
    found = experiment(home).experiment
    assert found.recommendation.verdict == "wait"
    assert "CHALLENGER_MODE=shadow" in found.recommendation.sentence
    assert (found.design, found.contest, found.agreement) == (None, None, None)


def test_in_shadow_they_are_compared_passenger_by_passenger(home, both, chance):
    said = chances(chance, 400)
    other = np.clip(1 - said, 0.02, 0.98)
    truth = chance.random(400) < said
    home.asked(both[0], other)
    home.asked(both[1], said, served=False)
    home.asked(both[0], [0.9] * 50, named="before it could score")
    found = experiment(home)
    # Nobody has told yet what happened: how often they agree is known.
    assert found.experiment.recommendation.verdict == "wait"
    assert found.experiment.agreement.passengers == 400
    assert found.experiment.agreement.same_answer < 0.05

    home.became(truth)
    home.became([False] * 50, named="before it could score")
    found = experiment(home)
    ours = found.experiment
    assert (ours.design, ours.contest.outcomes) == ("shadow", 400)
    assert ours.recommendation.verdict == "promote"
    assert ours.contest.gain_interval.low > 0
    assert ours.contest.challenger_accuracy == pytest.approx(np.mean((said >= 0.5) == truth))
    assert experiment(home).report_id == found.report_id
    digests = [home.registry.version(version).digest for version in both]
    assert found.of(*digests) == ours
    assert found.of(*reversed(digests)) is None


def test_in_a_split_they_are_compared_caller_by_caller(home, both, chance):
    for version, wrong, named in ((both[0], True, "to one"), (both[1], False, "to other")):
        said = chances(chance, 600)
        truth = chance.random(600) < (1 - said if wrong else said)
        callers = [f"{named} {number % 50}" for number in range(600)]
        answer(home, version, said, truth, named=named, caller=callers.__getitem__)
    # What was asked of all models has the score of both, in a split as well.
    home.asked(both[0], [0.5] * 20, named="of all")
    home.asked(both[1], [0.5] * 20, named="of all")
    found = experiment(home).experiment
    assert (found.design, found.contest.callers) == ("split", (50, 50))
    assert found.contest.only_champion_right is None
    assert found.recommendation.verdict == "promote"


def test_a_passenger_who_is_asked_about_all_the_time_decides_nothing(home, both):
    someone = {"name": "Astor, Mrs. John Jacob", "ticket": "PC 17757"}
    home.asked(both[0], [0.1] * 300, passenger=lambda _: someone)
    home.asked(both[1], [0.9] * 300, served=False, passenger=lambda _: someone)
    home.became([True] * 300)
    found = experiment(home).experiment
    assert found.contest.outcomes == 1
    assert found.recommendation.verdict == "wait"
