"""The text that an alert points to is there."""

from typing import get_args

import pytest

from tests.docs.pages import PAGES
from titanic_assets.alerts.alert import Kind, State
from titanic_assets.automation.freshness import MAY_BE_OLD

PAGE = PAGES["docs/alerts.md"]


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_alert_has_its_part(kind):
    assert f"\n### {kind}\n" in PAGE.text
    assert f"\n| `{kind}` |" in PAGE.text


def test_every_state_and_every_age_is_explained():
    for name in (*get_args(State), *MAY_BE_OLD):
        assert f"\n| `{name}` |" in PAGE.text, name
