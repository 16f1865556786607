"""Whatever people see in the Dagster UI is described in docs/graph.md."""

import re

import pytest

from tests.docs.pages import PAGES
from titanic_assets.definitions import define
from titanic_assets.settings import Settings

GRAPH = PAGES["docs/graph.md"].text


@pytest.fixture(scope="module")
def repository():
    return define(Settings()).get_repository_def()


def test_every_asset_has_its_part(repository):
    assets = {key.to_user_string() for key in repository.asset_graph.get_all_asset_keys()}
    headings = re.findall(r"^### (.*)$", GRAPH, re.MULTILINE)
    assert {name for heading in headings for name in heading.split(" and ")} == assets


def test_the_tree_of_assets_names_them_all(repository):
    tree = PAGES["docs/graph.md"].blocks("")[0]
    assets = [key.to_user_string() for key in repository.asset_graph.get_all_asset_keys()]
    assert sorted(re.findall(r"\w+_\w+", tree)) == sorted(assets)


def test_every_check_is_named(repository):
    checks = {key.name for key in repository.asset_graph.asset_check_keys}
    assert {name for name in checks if f"`{name}`" not in GRAPH} == set()


def test_jobs_schedules_and_sensors_are_named(repository):
    named = [
        *(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        *(schedule.name for schedule in repository.schedule_defs),
        *(sensor.name for sensor in repository.sensor_defs),
    ]
    assert named
    assert [name for name in named if f"`{name}`" not in GRAPH] == []
