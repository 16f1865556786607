"""Makes the pictures in docs/images anew, from a running `make run`: `make screenshots`.

Needs Debian's chromium (or CHROMIUM, its path) and the settings that `make run` was given. It
lands both lists of docs/examples, so give it a home of its own: `TITANIC_HOME=... make run`. Those
of the reports are from a running `make demo-drift`: `make screenshots ARGS=demo` with its home.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browser import Page, browser
from PIL import Image

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from titanic_assets.monitoring.verdicts import read_verdict  # noqa: E402
from titanic_assets.settings import Settings, load_settings  # noqa: E402
from titanic_assets.tracking.links import Links  # noqa: E402
from titanic_assets.tracking.registry import Registry  # noqa: E402

IMAGES = CHECKOUT / "docs" / "images"
LARGEST_BYTES = 250_000
_GROUPS = ",".join(
    f"global@global:{group}" for group in ("ingestion", "training", "serving", "monitoring")
)
# MLflow opens a side panel on the first visit, Dagster a letter to new users.
_MLFLOW_QUIET = (
    "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');"
    "localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false');"
)
_DAGSTER_QUIET = "mutation { setNuxSeen }"
_RUNS_OF = """query ($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}) {
    ... on Runs { results { status } } } }"""


def main() -> None:
    """Make every picture of `make run`, or those named on the command line, or the demo's."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        sys.exit("chromium is not there: install Debian's package, or set CHROMIUM to its path")
    settings = load_settings()
    ask(settings, _DAGSTER_QUIET)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with browser(program) as page:
        page.on_every_page(_MLFLOW_QUIET)
        named = sys.argv[1:]
        for landed, pictures in ({"": DEMO} if named == ["demo"] else PICTURES).items():
            wanted = [name for name in pictures if named in ([], ["demo"]) or name in named]
            if wanted and landed:
                land(settings, landed)
            for name, take in pictures.items():
                if name in wanted:
                    size = keep(take(page, settings), IMAGES / f"{name}.png")
                    print(f"{name:24} {size:>9,} bytes")


def land(settings: Settings, name: str) -> None:
    """Drop an example into the landing folder, unless it is there, and wait for its run."""
    place = settings.places.landing / name
    if not place.exists():
        print(f"landing {name}")
        shutil.copy(CHECKOUT / "docs" / "examples" / name, place)
    states: list[str] = []
    while not states or set(states) - {"SUCCESS", "FAILURE"}:
        time.sleep(1)
        runs = ask(settings, _RUNS_OF, tags=[{"key": "titanic/landed", "value": name}])
        states = [run["status"] for run in runs["runsOrError"]["results"]]


def asset_graph(page: Page, settings: Settings) -> bytes:
    """The graph, all groups open."""
    address = f"{dagster(settings)}/asset-groups?expanded={_GROUPS}"
    page.open(address, "champion_model", "serving_image", width=2500, height=1100)
    page.settle()
    left, top, right, bottom = 580, 245, 2460, 880
    return page.picture((left, top, right - left, bottom - top))


def asset(
    name: str, height: int, *texts: str, width: int = 1020
) -> Callable[[Page, Settings], bytes]:
    """What an asset says of its newest run, down to a height."""

    def take(page: Page, settings: Settings) -> bytes:
        address = f"{dagster(settings)}/assets/{name}"
        page.open(address, "Metadata", *texts, width=width + 680, height=4000)
        page.wait_for("[...document.images].every(image => image.complete)")
        heading = "[...document.querySelectorAll('*')].filter(e => e.textContent === 'Metadata')[0]"
        top = page.ask(f"{heading}.getBoundingClientRect().y") - 12
        return page.picture((240, top, width, height))

    return take


def checks(name: str, check: str) -> Callable[[Page, Settings], bytes]:
    """The checks of an asset, one of them open."""

    def take(page: Page, settings: Settings) -> bytes:
        address = f"{dagster(settings)}/assets/{name}?view=checks&checkDetail={check}"
        page.open(address, "Latest execution", "Evaluation result", width=1600, height=680)
        return page.picture((240, 0, 1360, 680))

    return take


def before_and_after(page: Page, settings: Settings) -> bytes:
    """The picture of the main fields before and after validation."""
    address = f"{dagster(settings)}/assets/validated_passengers"
    page.open(address, "pictures", width=1900, height=4000)
    picture = "document.querySelector('img[alt=\"before and after\"]')"
    page.wait_for(f"{picture}?.complete")
    return page.picture_of(picture)


def automation(page: Page, settings: Settings) -> bytes:
    """The sensors and the schedule."""
    page.open(f"{dagster(settings)}/automation", "promotion_sensor", width=1400, height=500)
    return page.picture((240, 0, 1160, 500))


def runs(page: Page, settings: Settings) -> bytes:
    """What was run, why, and how it ended."""
    page.open(f"{dagster(settings)}/runs", "landing_sensor", width=1400, height=560)
    return page.picture((240, 0, 1160, 560))


def mlflow_run(page: Page, settings: Settings) -> bytes:
    """The run of the champion's training."""
    experiment, run = champions_run(settings)
    page.open(Links(settings.mlflow_ui).run(experiment, run), "Child runs", "trial 12", height=1000)
    return page.picture((200, 0, 1200, 1000))


def validation_report(width: int, height: int) -> Callable[[Page, Settings], bytes]:
    """The page about the data of the newest run, on a screen so wide."""

    def take(page: Page, settings: Settings) -> bytes:
        registry = Registry(settings.tracking_uri)
        (newest,) = registry.client.search_runs(
            [registry.experiment], "attributes.run_name = 'training_job'", max_results=1
        )
        run = newest.info.run_id
        address = Links(settings.mlflow_ui).file(run, "validation/report.html")
        page.show(fetch(address).decode(), width=width, height=height)
        return page.picture()

    return take


def answered(width: int, height: int) -> Callable[[Page, Settings], bytes]:
    """The page of the service, with an answer on it, on a screen so wide."""

    def take(page: Page, settings: Settings) -> bytes:
        page.open(f"{api(settings)}/ui", "A boy with his family", width=width, height=height)
        page.ask(
            "[...document.querySelectorAll('#examples button')]"
            ".find(each => each.textContent.includes('boy')).click()"
        )
        page.wait_for("document.querySelectorAll('#answer svg, #answer li').length > 3")
        page.settle()
        # On a narrow screen the answer has come into view.
        return page.picture((0, page.ask("scrollY"), width, height))

    return take


def drift_page(page: Page, settings: Settings) -> bytes:
    """Evidently's page of the newest report, as MLflow shows it behind the link."""
    report = read_verdict(settings, "drift_report")
    if report is None or report.link is None:
        sys.exit("there is no page of a drift report: wait for the end of `make demo-drift`")
    page.open(report.link, "version-1.html", width=2100, height=1500)
    page.settle(6)
    return page.picture_of("document.querySelector('iframe')")


def monitor(page: Page, settings: Settings) -> bytes:
    """The monitor's page."""
    page.open(settings.monitor_ui, "Last runs", width=1000, height=1100)
    return page.picture()


# From `make demo-drift`.
DEMO: dict[str, Callable[[Page, Settings], bytes]] = {
    "graph": asset_graph,
    "drift_report": asset("drift_report", 1650, "since when", width=1300),
    "drift_page": drift_page,
    "performance_report": asset("performance_report", 1500, "pictures", width=1300),
    "monitor": monitor,
}


# By the list that has to have landed for them.
PICTURES: dict[str, dict[str, Callable[[Page, Settings], bytes]]] = {
    "": {
        "page": answered(1280, 1000),
        "page_narrow": answered(390, 1000),
    },
    "new_passengers.csv": {
        "live_release": asset("live_release", 550, "version"),
        "candidate_evaluation": asset("candidate_evaluation", 1540, "pictures"),
        "trained_model": asset("trained_model", 1080, "trials"),
        "gates": checks("candidate_evaluation", "better_than_sex_alone"),
        "not_promoted": checks("champion_model", "candidate_was_promoted"),
        "before_and_after": before_and_after,
        "mlflow_run": mlflow_run,
    },
    "broken.csv": {
        "quarantined_passengers": asset("quarantined_passengers", 620, "refused by rule"),
        "refused": checks("validated_passengers", "no_list_is_refused"),
        "report": validation_report(1200, 1100),
        "report_narrow": validation_report(390, 1100),
        "automation": automation,
        "runs": runs,
    },
}


def dagster(settings: Settings) -> str:
    """The address of Dagster's UI."""
    return f"http://localhost:{settings.ui_port}"


def api(settings: Settings) -> str:
    """The address of the API."""
    return f"http://localhost:{settings.api_port}"


def champions_run(settings: Settings) -> tuple[str, str]:
    """Experiment and run that the champion is from."""
    registry = Registry(settings.tracking_uri)
    champion = registry.version_at("champion")
    if champion is None:
        sys.exit("there is no champion: wait until `make run` has trained one")
    return registry.experiment, champion.run_id


def fetch(address: str, body: bytes | None = None) -> bytes:
    """What is at an address of this machine."""
    request = urllib.request.Request(  # noqa: S310 - our own servers, always http
        address, body, {"Content-Type": "application/json"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        content: bytes = answer.read()
        return content


def ask(settings: Settings, query: str, **variables: object) -> Any:
    """Dagster's answer to a GraphQL query."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    try:
        return json.loads(fetch(f"{dagster(settings)}/graphql", body))["data"]
    except OSError as error:
        sys.exit(f"{dagster(settings)} does not answer ({error}): start `make run` first")


def keep(png: bytes, path: Path) -> int:
    """Write a picture, no wider than a page shows and not too large; returns its size."""
    with Image.open(io.BytesIO(png)) as picture:
        small = picture.convert("RGB")
        if small.width > 1600:
            small = small.resize((1600, round(small.height * 1600 / small.width)), Image.LANCZOS)
        small.save(path, optimize=True)
        if path.stat().st_size > LARGEST_BYTES:
            small.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        sys.exit(f"{path} has {size:,} bytes: picture less of the page")
    return size


if __name__ == "__main__":
    main()
