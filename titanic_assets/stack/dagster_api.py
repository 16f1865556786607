"""What `make run` asks of Dagster: is the graph loaded, start this job, how is it going.

It speaks GraphQL over HTTP, so that the watching process need not import Dagster.
"""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# The machine's proxy, if it has one, does not know this loopback.
open_address = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

_LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus locationOrLoadError { ... on PythonError { message causes { message } } }
} } ... on PythonError { message } } }
"""
_LAUNCH = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PipelineNotFoundError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
} }
"""
_EVENTS = """
query ($run: ID!, $cursor: String) { logsForRun(runId: $run, afterCursor: $cursor) {
    ... on EventConnection { cursor hasMore events {
        ... on MessageEvent { eventType stepKey level message }
        ... on ExecutionStepFailureEvent { error { message causes { message } } }
        ... on ExecutionStepUpForRetryEvent { error { message causes { message } } }
        ... on RunFailureEvent { error { message causes { message } } }
        ... on AssetCheckEvaluationEvent { evaluation {
            checkName success severity assetKey { path } } }
        ... on MaterializationEvent { assetKey { path } metadataEntries {
            label ... on FloatMetadataEntry { floatValue } ... on IntMetadataEntry { intValue } } }
    } }
    ... on PythonError { message }
} }
"""


_RUNS = """
query ($job: String!) { runsOrError(filter: { pipelineName: $job }, limit: 20) {
    ... on Runs { results { runId status } }
    ... on PythonError { message }
} }
"""
_TAGS = """
query ($run: ID!) { runOrError(runId: $run) {
    ... on Run { tags { key value } }
    ... on Error { message }
} }
"""
_LAST_TICK = """
query ($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) {
    ... on Sensor { sensorState { ticks(limit: 1) { status skipReason error { message } } } }
    ... on Error { message }
} }
"""
_IN_PROGRESS = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED"}


class DagsterSays(RuntimeError):
    """The webserver answered with an error."""


@dataclass(frozen=True)
class Webserver:
    """Dagster's webserver at an address such as `http://127.0.0.1:3000`."""

    url: str

    def is_up(self) -> bool:
        """True once it answers."""
        return answers(f"{self.url}/server_info")

    def require_loaded(self) -> None:
        """Raise with the reason unless every code location is loaded."""
        workspace = self._ask(_LOCATIONS)["workspaceOrError"]
        for entry in workspace["locationEntries"]:
            problem = list(causes(entry["locationOrLoadError"]))
            if problem:
                raise DagsterSays("\n  ".join([f"{entry['name']} cannot be loaded:", *problem]))

    def dismiss_welcome(self) -> None:
        """Spare people the dialog that asks for an e-mail address on a fresh home."""
        self._ask("mutation { setNuxSeen }")

    def launch(self, job: str, location: str) -> str:
        """Enqueue a run of the job; returns its id."""
        selector = {
            "jobName": job,
            "repositoryName": "__repository__",
            "repositoryLocationName": location,
        }
        answer = self._ask(_LAUNCH, params={"selector": selector, "runConfigData": {}})["launchRun"]
        if "run" not in answer:
            raise DagsterSays(f"{job} could not be started: {answer}")
        return str(answer["run"]["runId"])

    def runs(self, job: str) -> list[str]:
        """The ids of the job's newest runs, the newest first."""
        return [run["runId"] for run in self._runs(job)]

    def run_in_progress(self, job: str) -> str | None:
        """The newest run of the job that is not over, if there is one."""
        waiting = (run["runId"] for run in self._runs(job) if run["status"] in _IN_PROGRESS)
        return next(waiting, None)

    def tags(self, run: str) -> dict[str, str]:
        """The tags of a run."""
        found = self._ask(_TAGS, run=run)["runOrError"]
        if "tags" not in found:
            raise DagsterSays(f"run {run} cannot be looked up: {found}")
        return {tag["key"]: tag["value"] for tag in found["tags"]}

    def last_word(self, sensor: str, location: str) -> str:
        """Why the sensor's last look started nothing, or failed; nothing where it did start one."""
        selector = {
            "sensorName": sensor,
            "repositoryName": "__repository__",
            "repositoryLocationName": location,
        }
        found = self._ask(_LAST_TICK, selector=selector)["sensorOrError"]
        if "sensorState" not in found:
            raise DagsterSays(f"{sensor} cannot be looked up: {found}")
        for tick in found["sensorState"]["ticks"]:
            return str(tick["skipReason"] or (tick["error"] or {}).get("message") or "")
        return ""

    def _runs(self, job: str) -> list[dict[str, str]]:
        found = self._ask(_RUNS, job=job)["runsOrError"]
        if "results" not in found:
            raise DagsterSays(f"the runs of {job} cannot be listed: {found}")
        runs: list[dict[str, str]] = found["results"]
        return runs

    def new_events(self, run: str, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """The events of a run since the cursor, and the next cursor."""
        answer = self._ask(_EVENTS, run=run, cursor=cursor)["logsForRun"]
        return answer["events"], answer["cursor"]

    def _ask(self, query: str, **variables: object) -> Mapping[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(  # noqa: S310 - our own webserver, always http
            f"{self.url}/graphql", body, {"Content-Type": "application/json"}
        )
        with open_address(request, timeout=30) as response:
            answer = json.load(response)
        if answer.get("errors"):
            raise DagsterSays(str(answer["errors"]))
        data: Mapping[str, Any] = answer["data"]
        return data


def answers(url: str) -> bool:
    """True when a GET of this address succeeds."""
    try:
        with open_address(url, timeout=5):
            return True
    except OSError:
        return False


def causes(error: Mapping[str, Any] | None) -> Iterator[str]:
    """What an error says and what was behind it, outermost first."""
    error = error or {}
    for each in (error, *error.get("causes", ())):
        message = (each.get("message") or "").strip()
        if message:
            yield message
