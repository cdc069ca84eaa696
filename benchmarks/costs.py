"""What Scoreline costs beside what it cannot do without, in one table (`make bench`).

Each row is a pair: a command, and the one that it is held against. They run in turns, so that a busy machine
slows both alike; the ratio is that of their CPU seconds, pair by pair, and the table has the median. CPU
seconds are those of every process of a command, the peak is that of its largest one. Only the ratios hold on
other machines.

It starts the sandbox, makes two demo homes and measures in them: forty minutes on two cores, one pair of each
after a pair that warms caches; `--runs 3` takes the median of three. A row is printed as soon as it is
measured. `--only build` measures some rows; `--home` takes a home that `scoreline demo` has made instead of
making one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import companies, lake, portal
from benchmarks.ingestion import DAILY, FIRST, measured
from benchmarks.large import one_line_with, ten_times
from benchmarks.measure import Cost, cost
from benchmarks.table import Row, by_cpu, head, medians, paired
from foundation.settings import PROJECT_ROOT, Settings
from sandbox import running_sandbox
from sandbox.client import Sandbox

_SCORELINE = (sys.executable, "-m", "orchestration.cli")
_PROJECT = str(PROJECT_ROOT / "dbt_project")
_DBT = (
    *(sys.executable, "-m", "dbt.cli.main", "build"),
    *("--project-dir", _PROJECT, "--profiles-dir", _PROJECT),
)
_ONE_SOURCE = (
    "from dlt_pipelines.core.load import load; from foundation.settings import Settings, load_company;"
    " settings = Settings(); load('hubspot', settings, load_company(settings))"
)


@dataclass(frozen=True)
class Bench:
    """Where it is measured, and how often."""

    runs: int
    folder: Path
    given: dict[str, Path | None]
    """Company -> a home of its demo; None: one is made."""

    @contextmanager
    def world(self, company: str) -> Iterator[tuple[Path, dict[str, str]]]:
        """A built home of an invented company, and the environment of commands that work in it."""
        home = self.folder / company
        if not home.exists():
            if given := self.given[company]:
                shutil.copytree(given, home)
            else:
                command = (*_SCORELINE, "demo", "--company", company, "--sandbox-port", "0")
                cost(command, {"SCORELINE_HOME": str(home)})
        with running_sandbox(as_of=FIRST, company=company) as sandbox:
            yield home, _environment(sandbox, home)


def _help(bench: Bench) -> Iterator[Row]:
    """The command line against an empty Python with click."""
    found = paired(
        lambda: cost((*_SCORELINE, "--help"), {}),
        lambda: cost((sys.executable, "-c", "import click"), {}),
        bench.runs,
    )
    yield Row("`scoreline --help`", found, "Python with click", 2, because="imports of the command line")


def _load(bench: Bench) -> Iterator[Row]:
    """The first and the daily sync of HubSpot against the least that loads the same pages."""
    found: dict[tuple[str, str], list[Cost]] = {}
    requests: dict[tuple[str, str], int] = {}
    with running_sandbox(as_of=FIRST, company="sales", limits=False) as sandbox:
        for number in range(bench.runs + 1):
            for kind in ("plain", "scoreline"):
                home = bench.folder / f"{kind}-{number}"
                home.mkdir()
                for as_of in (FIRST, DAILY):
                    sandbox.set_clock(as_of)
                    result = measured(kind, as_of, _environment(sandbox, home), limits=False)
                    requests[kind, as_of] = result["requests"]
                    if number:
                        found.setdefault((kind, as_of), []).append(
                            Cost(result["seconds"], result["cpu"], result["peak_mb"])
                        )
    for as_of, name, goal in ((FIRST, "first", 2.0), (DAILY, "daily, 1 % changed", None)):
        counts = f"{requests['scoreline', as_of]} requests beside {requests['plain', as_of]}"
        yield Row(
            f"HubSpot, {name} sync",
            medians(found["scoreline", as_of], found["plain", as_of]),
            "fetch, parse, insert",
            goal,
            because=f"{counts}; deletes, associations and history are read too, typed and in a ledger",
        )


def _refresh(bench: Bench) -> Iterator[Row]:
    """The job with one connected source against a load of that source."""
    with bench.world("sales") as (_, environment):
        found = paired(
            lambda: cost((*_SCORELINE, "run", "refresh"), environment),
            lambda: cost((sys.executable, "-c", _ONE_SOURCE), environment),
            bench.runs,
        )
    yield Row(
        "`refresh`, one connected source",
        found,
        "the load alone",
        1.5,
        because="imports of Dagster, its events",
    )


def _build(bench: Bench) -> Iterator[Row]:
    """A build that changes nothing against dbt on the same file."""
    with bench.world("cedar") as (home, environment):
        dbt = environment | {
            "SCORELINE_WAREHOUSE": str(home / "warehouse.duckdb"),
            # dbt parses everything again where a variable of the profile is another one
            "SCORELINE_MEMORY": Settings().memory,
            "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
            "DBT_TARGET_PATH": str(home / "dbt"),
            "DBT_LOG_PATH": str(home / "dbt"),
            "DBT_LOG_LEVEL_FILE": "info",
        }
        found = paired(
            lambda: cost((*_SCORELINE, "run", "build"), environment), lambda: cost(_DBT, dbt), bench.runs
        )
    yield Row(
        "`build`, nothing changed",
        found,
        "`dbt build`",
        1.5,
        because="imports and events of Dagster, publishing",
    )


def _large(bench: Bench) -> Iterator[Row]:
    """A CRM ten times as large against the CRM, and one line with a million records; a build each."""
    with bench.world("sales") as (home, environment):
        large = bench.folder / "large"
        shutil.copytree(home, large)
        once = _built(home, environment)
        with closing(duckdb.connect(str(large / "warehouse.duckdb"))) as connection:
            ten_times(connection)
        beside, grown = "`build` of the CRM as it is", environment | {"SCORELINE_HOME": str(large)}
        yield Row(
            "`build`, CRM ten times as large",
            by_cpu(_built(large, grown), once),
            beside,
            4,
            1200,
            because="rows of a page and of dbt's log are in Python, beside what DuckDB may take",
        )
        with closing(duckdb.connect(str(large / "warehouse.duckdb"))) as connection:
            one_line_with(connection, 1_000_000)
        yield Row("the same, one line with a million calls", by_cpu(_built(large, grown), once), beside)


def _companies(bench: Bench) -> Iterator[Row]:
    with bench.world("cedar") as (home, _):
        yield from companies.rows(home, bench.folder / "companies", FIRST)


def _lake(bench: Bench) -> Iterator[Row]:
    with running_sandbox(as_of=FIRST) as sandbox:
        yield from lake.rows(bench.folder, _environment(sandbox, bench.folder))


def _portal(bench: Bench) -> Iterator[Row]:
    """The 95th percentile of the weekly endpoint while a build runs against that without."""
    with bench.world("cedar") as (_, environment):
        before = os.environ | {}
        os.environ.update(environment)
        quiet, busy = (Cost(milliseconds / 1000, 0.0, 0.0) for milliseconds in portal.measure(Settings()))
        os.environ.clear()
        os.environ.update(before)
    yield Row(
        "portal, p95 of a week, a build running",
        (busy, quiet, busy.seconds / quiet.seconds),
        "no build",
        3,
        because="the build takes the cores",
    )


ROWS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "help": _help,
    "load": _load,
    "refresh": _refresh,
    "build": _build,
    "large": _large,
    "companies": _companies,
    "lake": _lake,
    "portal": _portal,
}


def _environment(sandbox: Sandbox, home: Path) -> dict[str, str]:
    return {
        **sandbox.environment,
        "SCORELINE_HOME": str(home),
        "SCORELINE_ENV_FILE": os.devnull,
        "SCORELINE_AS_OF": FIRST,
    }


def _built(home: Path, environment: dict[str, str]) -> Cost:
    """A build that writes every page, as a CRM that has grown does."""
    shutil.rmtree(home / "site", ignore_errors=True)
    return cost((*_SCORELINE, "run", "build"), environment)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1, help="pairs of each (default 1)")
    parser.add_argument("--only", choices=ROWS, action="append", help="measure this row. Repeatable")
    parser.add_argument("--home", type=Path, help="a home of `scoreline demo`; a copy of it is used")
    parser.add_argument("--sales-home", type=Path, help="one of `scoreline demo --company sales`")
    options = parser.parse_args()
    failed = False
    print(head(), flush=True)
    with tempfile.TemporaryDirectory(prefix="scoreline-bench-") as folder:
        bench = Bench(options.runs, Path(folder), {"cedar": options.home, "sales": options.sales_home})
        for name in options.only or ROWS:
            try:
                for row in ROWS[name](bench):
                    print(row, flush=True)
            except Exception as error:  # the other rows are measured all the same
                failed = True
                print(f"{name}: {error}", file=sys.stderr, flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
