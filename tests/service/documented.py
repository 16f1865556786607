"""Asks a service everything that its documentation lets one ask, and what it does not."""

import csv
import io
from functools import partial

import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection

from bento_service.openapi import document
from bento_service.operations import CSV
from titanic_model.contract import FIELD_NAMES

OPEN = document("test", asks_for_tokens=False)
GUARDED = document("test", asks_for_tokens=True)

a_little = partial(
    settings, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def _as_list(rows):
    text = io.StringIO()
    lines = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    lines.writeheader()
    lines.writerows(rows)
    return text.getvalue().encode()


def _lists(columns):
    cells = st.text(st.characters(codec="utf-8"), max_size=20)
    row = {
        **dict.fromkeys(columns, cells),
        "pclass": st.sampled_from(["1", "2", "3", "3.0", "4", ""]),
        "sex": st.sampled_from(["female", "male", "?"]),
    }
    return st.lists(st.fixed_dictionaries(row), min_size=1, max_size=20).map(_as_list)


# That a list is text is all its schema can say, so what makes it a list is said here.
schemathesis.openapi.media_type(
    CSV, st.lists(st.sampled_from([*FIELD_NAMES, "survived", "boat"]), unique=True).flatmap(_lists)
)


def ask_and_compare(case, service, excluded_checks=(), **how):
    """Ask one thing; raises if the answer is not as documented."""
    # A list is never wrong as a whole by its rows, nor by its ids: each gets an error in its place.
    a_list = case.media_type == CSV or case.path == "/api/v1/passengers"
    excluded = [negative_data_rejection] if a_list else []
    return case.call_and_validate(
        base_url=service.url, excluded_checks=[*excluded_checks, *excluded], **how
    )
