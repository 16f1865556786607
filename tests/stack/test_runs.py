from titanic_assets.settings import Settings
from titanic_assets.stack.runs import describe, outcome


def a_check(**changes):
    evaluation = {
        "checkName": "log_loss",
        "success": False,
        "severity": "ERROR",
        "assetKey": {"path": ["candidate_evaluation"]},
        **changes,
    }
    return {"eventType": "ASSET_CHECK_EVALUATION", "evaluation": evaluation}


def test_what_the_steps_log_is_shown_and_what_only_debugs_is_not():
    assert describe({"level": "INFO", "message": "trial 1 of 12"}) == "    trial 1 of 12"
    assert describe({"level": "DEBUG", "message": "loaded input"}) is None


def test_a_broken_check_is_shown_and_a_warning_is_left_to_the_ui():
    assert describe(a_check()) == "  candidate_evaluation: check log_loss does not hold"
    assert describe(a_check(success=True)) is None
    assert describe(a_check(severity="WARN")) is None


def test_a_run_that_could_not_start_says_why():
    error = {"message": "no such step\n", "causes": [{"message": "a typing error"}]}

    assert describe({"eventType": "RUN_FAILURE", "error": error}) == (
        "  the run failed\n    no such step\n    a typing error"
    )
    assert describe({"eventType": "RUN_FAILURE", "error": None}) == "  the run failed"


def test_a_step_that_is_tried_again_says_why():
    error = {"message": "the registry is down", "causes": []}
    event = {"eventType": "STEP_UP_FOR_RETRY", "stepKey": "serving_bundle", "error": error}

    assert describe(event) == "  serving_bundle is tried again\n    the registry is down"


def test_what_only_machines_care_about_is_not_shown():
    assert describe({"eventType": "STEP_START", "stepKey": "raw_passengers"}) is None


def test_a_run_that_promoted_nothing_says_so(tmp_path):
    assert "promoted nothing" in outcome(Settings(titanic_home=tmp_path), "some-run")
