"""Passengers from a real store, asked for in every way that is documented, and others."""

import pytest
import schemathesis

from tests.service.documented import OPEN, a_little, ask_and_compare
from tests.service.serving import start_service, wait_until

asked = schemathesis.openapi.from_dict(OPEN).include(path_regex=r"/passengers|/features/")


@pytest.fixture(scope="module")
def service_with_store(feast, releases, tmp_path_factory):
    running = start_service(
        tmp_path_factory.mktemp("service"),
        releases_uri=releases,
        features_url=feast.url,
        features_timeout_seconds=10,
    )
    wait_until(lambda: running.client.get("/api/v1/passengers/1").status_code == 200)
    yield running
    running.stop()


@asked.parametrize()
@a_little(max_examples=40)
def test_what_is_answered_is_documented(case, service_with_store):
    ask_and_compare(case, service_with_store)
