"""The order to look for a new release now."""

import pytest

from tests.service.guard.asking import SECRET, a_token
from tests.service.live.breaking import both_have_begun, make_live
from tests.service.releases import publish
from tests.service.serving import wait_until


def bearer(scope):
    return {"Authorization": f"Bearer {a_token(SECRET, scope=scope)}"}


def test_without_keys_there_is_no_such_route(service):
    assert service.client.post("/api/v1/admin/reload").status_code == 404


def test_all_workers_look_at_once(serve, champion, challenger, tmp_path):
    folder = tmp_path / "releases"
    publish(folder, champion)
    service = serve(workers=2, releases_uri=folder, releases_poll_seconds=3600, jwt_secret=SECRET)
    wait_until(lambda: both_have_begun(service))
    make_live(folder, challenger)
    ask = service.client.post
    assert ask("/api/v1/admin/reload").status_code == 401
    assert ask("/api/v1/admin/reload", headers=bearer("predict")).status_code == 403
    answer = ask("/api/v1/admin/reload", headers=bearer("predict admin"))
    assert answer.status_code == 200
    assert answer.json()["champion"]["version"] == "2"
    wait_until(lambda: service.metrics()["titanic_release_swaps_total"] == 2)


@pytest.mark.parametrize("follows", [True, False])
def test_a_nudge_of_a_service_that_follows_nothing_does_no_harm(following, follows):
    follower = following(start=True, follow=follows)
    follower.nudge()
    assert follower.live.champion.version == "1"
