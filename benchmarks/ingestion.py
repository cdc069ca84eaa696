"""Measure a load of HubSpot, at the volume of a mid-sized CRM, against a plain lower bound.

`make bench` prints it beside all other costs, `python -m benchmarks.ingestion` with its stages.

Both read the same pages from the sandbox on the loopback address. The lower bound fetches them with
http.client, parses them with orjson and inserts them with DuckDB: no types, no retries, no state, no ledger.
The first sync reads everything. The daily sync runs a day later, after one record in a hundred has changed.
Seconds are those of the whole process, imports included: medians of several runs that alternate, so that a
busy machine slows both alike. Only the ratios hold on other machines.

`--limits` measures what a real account sees: the vendor's limit of 100 requests in 10 seconds, against the
shortest time in which that limit allows as many requests.
"""

from __future__ import annotations

import argparse
import http.client
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

FIRST, DAILY = "2025-10-27T12:00:00Z", "2025-10-28T12:00:00Z"
STAGES = ("sync_destination", "extract", "normalize", "load")


# ------------------------------------------------------------------ the two workers, each in a process of its
#     own


def scoreline(limits: bool) -> dict[str, Any]:
    """One load as the refresh job does it; without the sandbox's limits, ours are lifted too."""
    from dlt_pipelines.core.load import load
    from dlt_pipelines.sources import hubspot
    from foundation.settings import Settings, load_company

    if not limits:
        hubspot.BURST, hubspot.SEARCHES = (1_000_000, 10.0), (1_000_000, 1.0)
    pipeline = importlib.import_module("dlt.pipeline.pipeline").Pipeline
    stages: dict[str, float] = {}

    def timed(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                stages[name] = stages.get(name, 0.0) + time.perf_counter() - began

        return measured

    for name in STAGES:
        setattr(pipeline, name, timed(name, getattr(pipeline, name)))
    settings = Settings()
    report = load("hubspot", settings, load_company(settings))
    return {
        "requests": report.requests,
        "rows": sum(table.rows_loaded for table in report.tables.values()),
        "stages": stages,
    }


class _Plain:
    """The least that can be done: fetch, parse, insert."""

    def __init__(self, url: str, key: str, home: Path) -> None:
        self.parts = urllib.parse.urlsplit(url)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.home = home
        self.requests = 0

    def connection(self) -> http.client.HTTPConnection:
        assert self.parts.hostname
        return http.client.HTTPConnection(self.parts.hostname, self.parts.port)

    def call(self, connection: http.client.HTTPConnection, path: str, body: Any = None) -> Any:
        import orjson

        self.requests += 1
        connection.request(
            "POST" if body else "GET",
            f"{self.parts.path}{path}",
            orjson.dumps(body) if body else None,
            self.headers,
        )
        return orjson.loads(connection.getresponse().read())

    def listed(
        self, name: str, properties: list[str], targets: tuple[str, ...], archived: str
    ) -> Iterator[list[dict[str, Any]]]:
        connection, after = self.connection(), ""
        while True:
            wanted = f"properties={','.join(properties)}&associations={','.join(targets)}"
            query = f"limit=100&archived={archived}&{wanted}{after}"
            page = self.call(connection, f"/crm/v3/objects/{name}?{query}")
            yield page["results"]
            if "paging" not in page:
                return
            after = f"&after={page['paging']['next']['after']}"

    def changed(self, name: str, properties: list[str], since: int) -> Iterator[list[dict[str, Any]]]:
        connection, last = self.connection(), "0"
        modified = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
        while True:
            filters = [
                {"propertyName": modified, "operator": "GTE", "value": str(since)},
                {"propertyName": "hs_object_id", "operator": "GT", "value": last},
            ]
            body = {
                "filterGroups": [{"filters": filters}],
                "sorts": ["hs_object_id"],
                "properties": properties,
                "limit": 200,
            }
            page = self.call(connection, f"/crm/v3/objects/{name}/search", body)
            yield page["results"]
            if len(page["results"]) < 200:
                return
            last = page["results"][-1]["id"]

    def run(self, daily: bool) -> dict[str, Any]:
        import duckdb
        import pyarrow as pa

        from dlt_pipelines.sources.hubspot.fields import PROPERTIES, TARGETS

        renamed = {
            "buying_role": "hs_buying_role",
            "became_lead_at": "hs_v2_date_entered_lead",
            "became_mql_at": "hs_v2_date_entered_marketingqualifiedlead",
            "became_sql_at": "hs_v2_date_entered_salesqualifiedlead",
            "stage_entered_at": "hs_v2_date_entered_current_stage",
            "mrr": "hs_mrr",
        }

        def fetch(name: str) -> tuple[str, Any, Any]:
            properties = [renamed.get(column, column) for column in PROPERTIES[name]]
            links: list[tuple[str, str, str]] = []
            columns: dict[str, list[Any]] = {column: [] for column in ("id", "updatedAt", *properties)}
            since = int(datetime.fromisoformat(FIRST).timestamp() - 600) * 1000
            pages = (
                self.changed(name, properties, since)
                if daily
                else self.listed(name, properties, TARGETS[name], "false")
            )
            for results in (*pages, *self.listed(name, properties, (), "true")):
                columns["id"] += [row["id"] for row in results]
                columns["updatedAt"] += [row["updatedAt"] for row in results]
                for column in properties:
                    columns[column] += [row["properties"].get(column) for row in results]
                for row in results:
                    for target, found in (row.get("associations") or {}).items():
                        links += [(row["id"], target, link["id"]) for link in found["results"]]
            if daily and columns["id"]:
                connection = self.connection()
                for target in TARGETS[name]:
                    body = {"inputs": [{"id": key} for key in columns["id"]]}
                    for result in self.call(
                        connection, f"/crm/v4/associations/{name}/{target}/batch/read", body
                    )["results"]:
                        links += [
                            (result["from"]["id"], target, str(link["toObjectId"])) for link in result["to"]
                        ]
            linked = pa.table(
                {
                    "from_id": [x[0] for x in links],
                    "to_type": [x[1] for x in links],
                    "to_id": [x[2] for x in links],
                }
            )
            return name, pa.table(columns), linked

        rows = 0
        with duckdb.connect(str(self.home / "plain.duckdb")) as database, ThreadPoolExecutor(8) as pool:
            for name, table, linked in pool.map(fetch, TARGETS):
                rows += table.num_rows + linked.num_rows
                for target, content in ((name, table), (f"{name}_links", linked)):
                    database.register("content", content)
                    if daily:
                        key = content.column_names[0]
                        database.execute(f"delete from {target} where {key} in (select {key} from content)")
                        database.execute(f"insert into {target} select * from content")
                    else:
                        database.execute(f"create table {target} as select * from content")
                    database.unregister("content")
        return {"requests": self.requests, "rows": rows, "stages": {}}


def work(kind: str, daily: bool, limits: bool) -> None:
    """Do one measured run and print what it did."""
    if kind == "scoreline":
        done = scoreline(limits)
    else:
        plain = _Plain(
            f"{os.environ['SANDBOX_URL']}/hubspot",
            os.environ["HUBSPOT_API_KEY"],
            Path(os.environ["SCORELINE_HOME"]),
        )
        done = plain.run(daily)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps(done | {"peak_mb": used.ru_maxrss / 1024, "cpu": used.ru_utime + used.ru_stime}))


# ------------------------------------------------------------------ the measure


def measured(kind: str, as_of: str, environment: dict[str, str], limits: bool) -> dict[str, Any]:
    """One run in a fresh process."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.ingestion",
        "--work",
        kind,
        "--daily" if as_of == DAILY else "--first",
    ]
    # compiled modules are kept, as on any machine that runs this twice
    env = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    } | environment
    began = time.perf_counter()
    output = subprocess.run(
        command + (["--limits"] if limits else []),
        env=env | {"SCORELINE_AS_OF": as_of},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {**json.loads(output.splitlines()[-1]), "seconds": time.perf_counter() - began}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="measurements of each (default 3)")
    parser.add_argument(
        "--limits",
        action="store_true",
        help="keep the vendor's request limit; one run of the first sync, over a minute",
    )
    parser.add_argument("--work", choices=("scoreline", "plain"), help=argparse.SUPPRESS)
    parser.add_argument("--daily", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--first", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.daily, options.limits)
        return

    from sandbox import running_sandbox

    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    kinds = ("scoreline",) if options.limits else ("plain", "scoreline")
    with (
        running_sandbox(as_of=FIRST, company="sales", limits=options.limits) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        for number in range(1 if options.limits else options.runs + 1):
            for kind in kinds:
                home = Path(folder) / f"{kind}-{number}"
                home.mkdir()
                environment = sandbox.environment | {
                    "SCORELINE_HOME": str(home),
                    "SCORELINE_ENV_FILE": os.devnull,
                }
                for as_of in (FIRST,) if options.limits else (FIRST, DAILY):
                    sandbox.set_clock(as_of)
                    result = measured(kind, as_of, environment, options.limits)
                    if number or options.limits:  # the first round only warms caches
                        found.setdefault((kind, as_of), []).append(result)
                    print(
                        f"{kind}, {'daily' if as_of == DAILY else 'first'}: {result['seconds']:.2f} s",
                        file=sys.stderr,
                    )
    if options.limits:
        report_budget(found["scoreline", FIRST][0])
    else:
        report(found)


def report_budget(result: dict[str, Any]) -> None:
    """How close to the least time that the budget allows."""
    least = (result["requests"] - 1) // 100 * 10
    print(
        f"First sync within 100 requests in 10 seconds: {result['requests']} requests in"
        f" {result['stages']['extract']:.1f} s of fetching; the budget allows no less than {least} s"
        f" ({result['stages']['extract'] / least:.2f} x)."
    )


def report(found: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    """Print the table."""
    print("| | sync | seconds | ratio | peak MB | requests | rows | rows/s | seconds in each stage |")
    print("|---|---|---|---|---|---|---|---|---|")
    for as_of, sync in ((FIRST, "first"), (DAILY, "daily, 1 % changed")):
        least = statistics.median(result["seconds"] for result in found["plain", as_of])
        for kind, label in (("plain", "plain lower bound"), ("scoreline", "Scoreline")):
            runs = found[kind, as_of]
            seconds = statistics.median(result["seconds"] for result in runs)
            peak = statistics.median(result["peak_mb"] for result in runs)
            last = runs[-1]
            stages = ", ".join(
                f"{stage.partition('_')[0]}"
                f" {statistics.median(result['stages'].get(stage, 0.0) for result in runs):.2f}"
                for stage in STAGES
                if stage in last["stages"]
            )
            print(
                f"| {label} | {sync} | {seconds:.2f} | {seconds / least:.2f} | {peak:.0f} |"
                f" {last['requests']} | {last['rows']} | {last['rows'] / seconds:,.0f} | {stages} |"
            )


if __name__ == "__main__":
    main()
