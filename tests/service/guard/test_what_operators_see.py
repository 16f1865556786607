"""What a running service tells of its guard: in the log and in the metrics."""

from tests.service.serving import free_port, wait_until


def test_a_key_server_that_is_gone_shows_in_the_metrics(serve):
    service = serve(jwks_url=f"http://127.0.0.1:{free_port()}/keys")

    wait_until(lambda: service.metrics()["titanic_token_keys_failing"] == 1)


def test_a_service_that_answers_everybody_says_so_once(serve):
    service = serve(auth="off", workers=2)
    wait_until(lambda: len(service.workers()) == 2)

    assert service.log.count("everybody is answered, without a limit") == 1
    assert service.metrics()["titanic_token_keys_failing"] == 0


def test_a_limit_is_enough_to_say_nothing(serve):
    assert "everybody" not in serve(auth="off", rate_limit="600/minute").log
