"""Makes what the aliases name live, and believes it only when the service itself says so.

The one place that writes `current.json`, for releases and for rollbacks alike. Which version an
alias should name is decided elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from titanic_assets.releasing.publish import Overtaken, Publication, Registered, publish
from titanic_assets.releasing.service import Refused, Service, Unreachable
from titanic_assets.settings import Settings
from titanic_model.published import read_current
from titanic_model.release import BrokenRelease

_LOOK_EVERY_SECONDS = 0.1


class NotLive(RuntimeError):
    """It is published, and the service does not answer with it."""


@dataclass(frozen=True)
class Patience:
    """How long the service may take, in seconds, to answer at all and then to swap."""

    answer: float = 60.0
    swap: float = 20.0


@dataclass(frozen=True)
class LiveRelease:
    """What the service answers with."""

    version: int
    release: str
    digest: str
    challenger: int | None
    # Why the version that is challenger is not beside it.
    challenger_problem: str
    # Whether something else was live before.
    changed: bool
    service: str
    # From publishing it to the service's answering with it.
    seconds: float


def make_live(
    settings: Settings,
    registry: Registered,
    say: Callable[[str], None],
    *,
    expected: int | None = None,
    patience: Patience | None = None,
) -> LiveRelease:
    """Publish what the aliases name now, and wait until the service answers with that.

    Where `expected` is given and another version is champion by now, nothing is done: that raises
    `Overtaken`. Raises `NotLive` with the service's own reason when it does not take the release.
    """
    releases = settings.places.releases
    published = publish(registry, releases, expected)
    live, champion = published.current, published.champion
    say(
        f"version {champion.version} is published as release {live.champion}"
        if published.changed
        else f"version {champion.version} is published already, as release {live.champion}"
    )
    if published.challenger_problem:
        say(f"there is no challenger: {published.challenger_problem}")
    began = time.monotonic()
    service = Service(settings.service_url)
    _wait_for(service, published, settings, patience or Patience())
    seconds = time.monotonic() - began
    say(f"{service.url} answers with version {champion.version}, after {seconds:.1f} s")
    return LiveRelease(
        version=champion.version,
        release=live.champion,
        digest=champion.digest,
        challenger=published.challenger.version if published.challenger else None,
        challenger_problem=published.challenger_problem,
        changed=published.changed,
        service=service.url,
        seconds=seconds,
    )


def _wait_for(
    service: Service, published: Publication, settings: Settings, patience: Patience
) -> None:
    """Ask the service until all its workers answer with what was published."""
    wanted = str(published.champion.version)
    began = time.monotonic()
    answered: float | None = None
    while True:
        problem = ""
        try:
            versions = service.versions()
        except Unreachable as error:
            problem = str(error)
        else:
            if versions == {wanted}:
                return
            answered = answered or time.monotonic()
        _require_current(published, settings)
        now = time.monotonic()
        if answered and now - answered > patience.swap:
            raise NotLive(_why_not(service, published, settings, now - began))
        if now - began > patience.answer + patience.swap * bool(answered):
            raise NotLive(
                f"release {published.current.champion} is published, but the service at "
                f"{service.url} does not answer ({problem}). Start it by `make run`, or say where "
                "it is by API_URL; it then takes the release by itself."
            )
        time.sleep(_LOOK_EVERY_SECONDS)


def _require_current(published: Publication, settings: Settings) -> None:
    """Raise when somebody has made something else live since."""
    try:
        current = read_current(settings.places.releases)
    except BrokenRelease:
        return  # whoever wrote that is told by the service
    if current is not None and current.champion != published.current.champion:
        raise Overtaken(
            f"release {current.champion} was made live while the service was waited for"
        )


def _why_not(service: Service, published: Publication, settings: Settings, waited: float) -> str:
    """Why the service goes on with another version, in its own words where it gives any."""
    name = published.current.champion
    begin = f"the service at {service.url} has not taken release {name} in {waited:.0f} s"
    try:
        state = service.state()
    except Refused:
        return f"{begin}. It tells the reason to whoever shows a token only, and in its log."
    except Unreachable as error:
        return f"{begin}, and does not say why: {error}"
    refused = {each["name"]: each["reason"] for each in state.get("refused", ())}
    if reason := refused.get(name) or state.get("unreachable"):
        return f"{begin}: {reason}"
    return (
        f"{begin}: it follows {state.get('source')}, and releases are published in "
        f"{settings.places.releases}. Start it with RELEASES_URI set to that."
    )
