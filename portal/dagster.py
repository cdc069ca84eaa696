"""Starts runs, and reads how they go, through the GraphQL of Dagster's web server. The portal knows nothing
else of Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
import yaml

from foundation.settings import Settings

TIMEOUT = 20
REPOSITORY = "__repository__"
MOST_EVENTS = 1_000

_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PipelineNotFoundError { message }
    ... on UnauthorizedError { message }
  }
}
"""
_RUN = """
query Run($run: ID!, $most: Int!) {
  runOrError(runId: $run) {
    __typename
    ... on Run { status jobName startTime endTime stats { ... on RunStatsSnapshot { stepsSucceeded stepsFailed
    } } }
  }
  logsForRun(runId: $run, limit: $most) {
    ... on EventConnection {
      events {
        __typename
        ... on LogMessageEvent { message level stepKey }
        ... on ExecutionStepFailureEvent { stepKey error { message } }
      }
    }
  }
}
"""


class DagsterError(Exception):
    """Dagster does not answer, or does not do what it is asked; the text says why."""


@dataclass(frozen=True)
class Run:
    """A run as it is now."""

    run_id: str
    job: str
    status: str
    """`QUEUED`, `STARTED`, `SUCCESS`, `FAILURE`, `CANCELED`, ..."""
    started: datetime | None
    ended: datetime | None
    parts: Sequence[tuple[str, str, bool]]
    """What was pulled for whom: (source and person, its result, whether it failed)."""
    link: str
    window: dict[str, str | None] | None = None
    """`since` and `until` of a backfill; None: what changed was pulled."""

    @property
    def is_over(self) -> bool:
        return self.status in ("SUCCESS", "FAILURE", "CANCELED")

    def summary(self) -> dict[str, Any]:
        """As `scoreline backfill --json` counts them."""
        failed = sum(is_failed for _, _, is_failed in self.parts)
        return {
            "run_id": self.run_id,
            "status": self.status,
            "processed": len(self.parts),
            "ok": len(self.parts) - failed,
            "failed": failed,
            "window": self.window,
            "details": [
                {"who": who, "result": result, "ok": not is_failed} for who, result, is_failed in self.parts
            ],
        }


def _ask(settings: Settings, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    address = settings.dagster_address
    if address is None:
        raise DagsterError(
            "Dagster is not connected. Start `scoreline ui` on this machine, or set DAGSTER_URL."
        )
    try:
        answer = requests.post(
            f"{address}/graphql", json={"query": query, "variables": variables}, timeout=TIMEOUT
        )
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise DagsterError(f"Dagster at {address} does not answer ({type(error).__name__})") from None
    if not isinstance(found, dict) or found.get("errors") or not found.get("data"):
        raise DagsterError(f"Dagster at {address} does not understand the portal; do both have one version?")
    data: dict[str, Any] = found["data"]
    return data


def launch(
    settings: Settings, job: str, tables: Sequence[tuple[str, str]], *, since: datetime | None = None
) -> str:
    """Start a run and return its id.

    Args:
        tables: (source, raw table) to pull.
        since: pull from then on again; None: what changed.

    Raises:
        DagsterError: it was not started.
    """
    window = {"since": since.astimezone(UTC).isoformat(), "until": None, "restart": False} if since else {}
    params = {
        "selector": {
            "repositoryLocationName": settings.location or "scoreline",
            "repositoryName": REPOSITORY,
            "jobName": job,
            "assetSelection": [
                {"path": [*filter(None, [settings.location]), "raw", source, table]}
                for source, table in tables
            ],
            "assetCheckSelection": [],
        },
        "runConfigData": {"resources": {"window": {"config": window}}} if window else {},
        "mode": "default",
    }
    found = _ask(settings, _LAUNCH, {"params": params})["launchRun"]
    if found["__typename"] != "LaunchRunSuccess":
        why = (
            found.get("message")
            or "; ".join(one["message"] for one in found.get("errors", []))
            or found["__typename"]
        )
        raise DagsterError(f"Dagster did not start the run: {why[:300]}")
    return str(found["run"]["runId"])


def run_of(settings: Settings, run_id: str) -> Run | None:
    """A run; None: Dagster does not know it.

    Raises:
        DagsterError: Dagster does not answer.
    """
    data = _ask(settings, _RUN, {"run": run_id, "most": MOST_EVENTS})
    run = data["runOrError"]
    if run["__typename"] != "Run":
        return None
    events = (data.get("logsForRun") or {}).get("events", [])
    parts = []
    for event in events:
        if event["__typename"] == "LogMessageEvent" and event.get("stepKey"):
            who, _, result = event["message"].rpartition(" - ")[2].partition(": ")
            if ", " in who and result:
                parts.append((who[:200], result[:500], event["level"] not in ("DEBUG", "INFO")))
        if event["__typename"] == "ExecutionStepFailureEvent" and event.get("error"):
            parts.append((str(event["stepKey"])[:200], event["error"]["message"].strip()[:500], True))
    return Run(
        run_id,
        run["jobName"],
        run["status"],
        _instant(run["startTime"]),
        _instant(run["endTime"]),
        parts,
        f"{settings.dagster_address}/runs/{run_id}",
        _window(run.get("runConfigYaml")),
    )


def _window(config: str | None) -> dict[str, str | None] | None:
    ops = (yaml.safe_load(config or "") or {}).get("ops") or {}
    for op in ops.values():
        given = op.get("config") or {}
        if given.get("since"):
            return {"since": str(given["since"]), "until": given.get("until")}
    return None


def _instant(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
