"""What the service counts and serves, read from its `/metrics` as Prometheus would."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from titanic_assets.tracking.asking import NoAnswer, Question, ask

_ANSWER_WITHIN_SECONDS = 5.0
# The routes that ask nothing but a model. Those that look passengers up fail with their store.
_ROUTES = frozenset(
    f"/api/v1/{way}" for way in ("predict", "batch_predict", "predict_all", "explain")
)


class ServiceUnreadable(RuntimeError):
    """The service does not answer, or its metrics are not those of this project's service."""


@dataclass(frozen=True)
class Served:
    """Requests for predictions since the service started, and who answers them now."""

    requests: int
    failed: int
    # More than one while workers change over.
    champions: frozenset[str]


def read_served(url: str) -> Served:
    """Ask the service at that address, for example `http://127.0.0.1:8000`."""
    address = f"{url}/metrics"
    try:
        answer = ask(Question("GET", address, {}, by_proxy=False), _ANSWER_WITHIN_SECONDS)
        if answer.status != HTTPStatus.OK:
            raise _unreadable(address, f"it answers status {answer.status}")
        return parse_served(answer.content.decode())
    except NoAnswer as error:
        raise _unreadable(address, str(error)) from None
    except (ArithmeticError, LookupError, ValueError) as error:
        raise _unreadable(address, f"what it answers are no metrics of ours ({error})") from None


def parse_served(text: str) -> Served:
    """What the text of `/metrics` says; some error where it is not that of our service."""
    from prometheus_client.parser import text_string_to_metric_families

    requests = failed = 0
    champions = set()
    ours = False
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = sample.labels
            if sample.name == "titanic_requests_total" and labels["route"] in _ROUTES:
                requests += int(sample.value)
                failed += int(sample.value) if labels["status"].startswith("5") else 0
            elif sample.name == "titanic_live_release":
                ours = True
                if labels["variant"] == "champion" and sample.value == 1:
                    champions.add(labels["model_version"])
    if not ours:
        raise ValueError("there is no titanic_live_release")
    return Served(requests, failed, frozenset(champions))


def _unreadable(address: str, reason: str) -> ServiceUnreadable:
    return ServiceUnreadable(
        f"the service's metrics at {address} cannot be read: {reason}. Start the service by "
        "`make run`, or say where it is by API_URL; until then nobody knows how a new release does"
    )
