"""Clients that never stop asking, and remember every answer."""

import threading
import time
from dataclasses import dataclass

import httpx

# As any client behind a form: one passenger after another, of either sex and every class.
PASSENGERS = tuple(
    {"pclass": pclass, "sex": sex, "age": age}
    for pclass in (1, 2, 3)
    for sex in ("female", "male")
    for age in (4, 18, 22, 28, 35, 41)
)
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    moment: float
    status: int
    version: str


class Traffic:
    """Requests without end, one after another, until the block is left."""

    def __init__(self, url):
        self._url = url
        self._answers = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)

    @property
    def answers(self):
        return tuple(self._answers)

    @property
    def failed(self):
        return [answer for answer in self.answers if answer.status != 200]

    def first_by(self, version, since, within):
        """Seconds from `since` to the first answer of that version."""
        seen = 0
        while True:
            overdue = time.monotonic() > since + within
            answers = self.answers
            for answer in answers[seen:]:
                if answer.version == str(version) and since < answer.moment <= since + within:
                    return answer.moment - since
            if overdue:
                break
            seen = len(answers)
            time.sleep(0.02)
        by = self.answers[-1].version if self.answers else "nobody"
        raise AssertionError(
            f"no answer by version {version} within {within} s; answers are by {by}"
        )

    def _ask(self):
        turn = 0
        with httpx.Client(base_url=self._url, timeout=30, trust_env=False) as client:
            while not self._stop.wait(_PAUSE_SECONDS):
                turn += 1
                try:
                    answer = client.post("/api/v1/predict", json=PASSENGERS[turn % len(PASSENGERS)])
                    status = answer.status_code
                    version = answer.json()["model_version"] if status == 200 else ""
                except httpx.TransportError as error:
                    status, version = 0, repr(error)
                self._answers.append(Answer(time.monotonic(), status, version))
