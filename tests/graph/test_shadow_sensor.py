"""A challenger on trial is promoted by a run, once the service's log shows enough of it."""

import dagster as dg
import pytest

from tests.releasing.conftest import Models
from tests.releasing.experiments import an_experiment, write_report
from tests.service.serving import start_service, wait_until
from tests.tracking.test_promotion import a_promotion
from titanic_assets.automation.shadow import (
    ShadowCursor,
    flip_config,
    flip_job,
    shadow_sensor,
)
from titanic_assets.releasing.publish import publish
from titanic_assets.tracking.champions import on_trial
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.promotion import promote


@pytest.fixture
def settings(mlflow_server):
    mlflow_server.forget_models()
    (mlflow_server.settings.places.tables / "experiment_report.json").unlink(missing_ok=True)
    return mlflow_server.settings.model_copy(
        update={"shadow_minutes": 0.001, "shadow_predictions": 20}
    )


@pytest.fixture
def ledger(settings):
    return PromotionLedger(settings.places.ledger)


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


@pytest.fixture
def trial(mlflow_server, settings, ledger):
    """Champion 1 and challenger 2, which is on trial."""
    models = Models(settings.places.mlflow)
    for bias in (-1.0, -1.1):
        models.register(bias)
    registry = mlflow_server.registry
    promote(registry, ledger, a_promotion(registry.version(1), "run-1"))
    challenger = a_promotion(
        registry.version(2), "run-2", alias="challenger", on_trial=True, why="Gains 0.01."
    )
    promote(registry, ledger, challenger)
    return on_trial(ledger.events())


def tick(settings, instance, cursor=None):
    with dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"settings": settings}
    ) as context:
        return shadow_sensor.evaluate_tick(context)


def seen(tick):
    """The tick, once the log shows the challenger."""
    return tick if "nothing in shadow" not in tick.skip_message else None


def flip(settings, instance, event_id):
    return flip_job.execute_in_process(
        run_config=flip_config(event_id, "did well"),
        resources={"settings": settings},
        instance=instance,
    )


def test_a_better_model_is_promoted_after_its_time_in_the_services_shadow(
    settings, mlflow_server, instance, ledger, trial, tmp_path
):
    settings = settings.model_copy(update={"prediction_log_uri": str(tmp_path / "log")})
    publish(mlflow_server.registry, settings.places.releases)
    assert "has scored nothing in shadow yet" in tick(settings, instance).skip_message
    service = start_service(
        tmp_path,
        releases_uri=settings.places.releases,
        prediction_log_uri=settings.prediction_log_uri,
        challenger_mode="shadow",
    )
    try:
        for _ in range(20):
            assert service.predict().json()["model_version"] == "1"
        longer = settings.model_copy(update={"shadow_minutes": 10})
        first = wait_until(lambda: seen(tick(longer, instance)))
        assert "of 10 minutes" in first.skip_message
    finally:
        service.stop()

    (request,) = tick(settings, instance, first.cursor).run_requests

    assert request.run_key == f"flip-{trial.event_id}"
    run = flip_job.execute_in_process(
        run_config=request.run_config, resources={"settings": settings}, instance=instance
    )
    assert run.success
    assert mlflow_server.registry.aliases() == {"champion": 2}
    champion, challenger = ledger.events()[-2:]
    assert champion.why.startswith("Gains 0.01. It was in shadow for")
    assert "scored 20 predictions" in champion.why
    assert challenger.to_version is None
    assert "no challenger is on trial" in tick(settings, instance, first.cursor).skip_message


def test_a_flip_that_is_tried_again_is_one_promotion(settings, instance, ledger, trial):
    assert flip(settings, instance, trial.event_id).success
    assert flip(settings, instance, trial.event_id).success
    assert [event.to_version for event in ledger.events()] == [1, 2, 2, None]


@pytest.mark.parametrize("moved", ["by hand", "by training"])
def test_a_trial_beside_a_former_champion_promotes_nothing(
    settings, instance, mlflow_server, ledger, trial, moved
):
    mlflow_server.register("third")
    registry = mlflow_server.registry
    if moved == "by hand":
        registry.move_alias("champion", 3)
    else:
        promote(registry, ledger, a_promotion(registry.version(3), "run-3"))
    assert flip(settings, instance, trial.event_id).success
    assert registry.aliases() == {"champion": 3, "challenger": 2}


@pytest.fixture
def experiment(ledger, trial):
    """An experiment of just these two, with that verdict."""

    def find(verdict, sentence="gains 0.03 log loss", champion=None):
        digest = champion or ledger.last("champion").digest
        return an_experiment(verdict, sentence, champion=digest, challenger=trial.digest)

    return find


def test_one_that_the_experiment_finds_worse_is_not_promoted_after_its_time_in_shadow(
    settings, instance, experiment
):
    write_report(settings, experiment("keep", "loses 0.05 log loss: it is worse, beyond chance"))
    skipped = tick(settings, instance).skip_message
    assert "version 2 is not promoted: the experiment finds that it loses 0.05" in skipped


def test_one_that_the_experiment_finds_better_is_promoted_where_that_is_allowed(
    settings, instance, mlflow_server, ledger, experiment
):
    write_report(settings, experiment("promote"))
    assert "has scored nothing in shadow" in tick(settings, instance).skip_message

    allowed = settings.model_copy(update={"experiment_promotes": True})
    (request,) = tick(allowed, instance).run_requests
    for _ in range(2):  # a run that is tried again is one promotion
        run = flip_job.execute_in_process(
            run_config=request.run_config, resources={"settings": allowed}, instance=instance
        )
        assert run.success
    assert mlflow_server.registry.aliases() == {"champion": 2}
    assert ledger.last("champion").why == "Gains 0.01. It gains 0.03 log loss."
    assert [event.to_version for event in ledger.events()] == [1, 2, 2, None]


@pytest.mark.usefixtures("trial")
def test_a_challenger_that_is_not_on_trial_is_promoted_by_an_experiment_alone(
    settings, instance, mlflow_server, ledger
):
    registry = mlflow_server.registry
    third = mlflow_server.register("third")[0]
    promote(registry, ledger, a_promotion(registry.version(third), "run-3", alias="challenger"))
    assert "no challenger is on trial" in tick(settings, instance).skip_message

    allowed = settings.model_copy(update={"experiment_promotes": True})
    assert "there is none of these two yet" in tick(allowed, instance).skip_message
    champion = ledger.last("champion").digest
    of_others = an_experiment("promote", "gains", champion="another", challenger="third")
    write_report(allowed, of_others)
    assert "there is none of these two yet" in tick(allowed, instance).skip_message
    ours = an_experiment("promote", "gains", champion=champion, challenger="third", design="split")
    write_report(allowed, ours)
    (request,) = tick(allowed, instance).run_requests

    # Somebody moves the champion on: what was found of the one before counts no more.
    promote(registry, ledger, a_promotion(registry.version(2), "run-4"))
    assert flip_job.execute_in_process(
        run_config=request.run_config, resources={"settings": allowed}, instance=instance
    ).success
    assert registry.aliases() == {"champion": 2, "challenger": 3}


@pytest.mark.usefixtures("trial")
def test_a_model_that_was_withdrawn_is_promoted_by_no_experiment(
    settings, instance, mlflow_server, ledger
):
    registry, champion = mlflow_server.registry, ledger.last("champion")
    third = mlflow_server.register("third")[0]
    promote(registry, ledger, a_promotion(registry.version(third), "run-3", alias="challenger"))
    back = {"event_id": "back", "kind": "rollback", "withdraws": "third", "from_version": third}
    ledger.append(champion.model_copy(update=back))
    allowed = settings.model_copy(update={"experiment_promotes": True})
    found = an_experiment("promote", "gains", champion=champion.digest, challenger="third")
    write_report(allowed, found)
    assert "was withdrawn" in tick(allowed, instance).skip_message


@pytest.mark.usefixtures("trial")
def test_an_experiment_that_cannot_be_read_promotes_nothing_and_is_told_of(settings, instance):
    settings.places.tables.mkdir(parents=True, exist_ok=True)
    (settings.places.tables / "experiment_report.json").write_text("{}")
    assert "cannot be read, make it again" in tick(settings, instance).skip_message


def test_the_time_in_shadow_begins_with_the_first_score_of_that_trial():
    cursor = ShadowCursor.from_text(None, "a")
    assert cursor.first_scored(None).since is None
    cursor = ShadowCursor.from_text(cursor.first_scored(5.0).to_text(), "a")
    assert cursor.first_scored(9.0).since == 5.0
    assert ShadowCursor.from_text(cursor.to_text(), "b").since is None
    for broken in ("", "nonsense", "[]", '{"x": 1}', "5"):
        assert ShadowCursor.from_text(broken, "a") == ShadowCursor("a")
