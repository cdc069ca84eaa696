"""What Scoreline costs beside what it cannot do without, in one table (`make bench`).

Each row is a pair: a command, and the one that it is held against. They run in turns, so that a busy machine
slows both alike; the ratio is that of their CPU seconds, pair by pair, and the table has the median. CPU
seconds are those of every process of a command, the peak is that of its largest one. Only the ratios hold on
other machines.

It starts the sandbox, makes two demo homes and measures in them: half an hour on two cores. `--only build`
measures some rows; `--home` takes a home that `scoreline demo` has made instead of making one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import portal
from benchmarks.ingestion import DAILY, FIRST, measured
from benchmarks.large import one_line_with, ten_times
from benchmarks.measure import Cost, cost
from foundation.settings import PROJECT_ROOT, Settings
from sandbox import running_sandbox
from sandbox.client import Sandbox

_SCORELINE = (sys.executable, "-m", "orchestration.cli")
_DBT = (
    *(sys.executable, "-m", "dbt.cli.main", "build"),
    *(
        "--project-dir",
        str(PROJECT_ROOT / "dbt_project"),
        "--profiles-dir",
        str(PROJECT_ROOT / "dbt_project"),
    ),
)
_ONE_SOURCE = (
    "from dlt_pipelines.core.load import load; from foundation.settings import Settings, load_company;"
    " settings = Settings(); load('hubspot', settings, load_company(settings))"
)
_REFRESH = "imports of Dagster; two folders of files are read too, and dlt takes half a second for each"
ROWS = ("help", "load", "refresh", "build", "large", "portal")


@dataclass(frozen=True)
class Row:
    """A row of the table. `ahead`: what of the other side is still ahead, and why."""

    what: str
    cost: Cost
    beside: str
    other: Cost
    ratio: float
    goal: str
    ahead: str = ""

    def cells(self) -> list[str]:
        """As the table shows it."""
        one, other = (f"{c.seconds:.2f} | {c.cpu:.2f} | {c.peak_mb:.0f}" for c in (self.cost, self.other))
        return [self.what, one, self.beside, other, f"{self.ratio:.2f}", self.goal, self.ahead]


def paired(run: Callable[[], Cost], beside: Callable[[], Cost], runs: int) -> tuple[Cost, Cost, float]:
    """Medians of both, in turns after a pair that only warms caches, and the median ratio of CPU seconds."""
    run(), beside()
    pairs = [(run(), beside()) for _ in range(runs)]
    ours, others = zip(*pairs, strict=True)
    return median(ours), median(others), statistics.median(one.cpu / other.cpu for one, other in pairs)


def median(costs: Sequence[Cost]) -> Cost:
    """Of each figure by itself."""
    return Cost(
        *(statistics.median(getattr(one, name) for one in costs) for name in ("seconds", "cpu", "peak_mb"))
    )


# ------------------------------------------------------------------ the rows


def help_row(runs: int) -> Row:
    """The command line against an empty Python with click."""
    found = paired(
        lambda: cost((*_SCORELINE, "--help"), {}),
        lambda: cost((sys.executable, "-c", "import click"), {}),
        runs,
    )
    return _row("`scoreline --help`", found, "Python with click", "2")


def load_rows(runs: int, folder: Path) -> list[Row]:
    """The first and the daily sync of HubSpot against the least that loads the same pages."""
    found: dict[tuple[str, str], list[Cost]] = {}
    requests: dict[tuple[str, str], int] = {}
    with running_sandbox(as_of=FIRST, company="sales", limits=False) as sandbox:
        for number in range(runs + 1):
            for kind in ("plain", "scoreline"):
                home = folder / f"{kind}-{number}"
                home.mkdir()
                for as_of in (FIRST, DAILY):
                    sandbox.set_clock(as_of)
                    result = measured(kind, as_of, _environment(sandbox, home), limits=False)
                    requests[kind, as_of] = result["requests"]
                    if number:
                        found.setdefault((kind, as_of), []).append(
                            Cost(result["seconds"], result["cpu"], result["peak_mb"])
                        )
    rows = []
    for as_of, name, goal in ((FIRST, "first", "2"), (DAILY, "daily, 1 % changed", "")):
        ours, plain = found["scoreline", as_of], found["plain", as_of]
        ratio = statistics.median(one.cpu / other.cpu for one, other in zip(ours, plain, strict=True))
        counts = f"{requests['scoreline', as_of]} requests beside {requests['plain', as_of]}"
        rows.append(
            _row(
                f"HubSpot, {name} sync",
                (median(ours), median(plain), ratio),
                "fetch, parse, insert",
                goal,
                f"{counts}: deletes, associations and history are read too, typed and in a ledger",
            )
        )
    return rows


def refresh_row(runs: int, home: Path, sandbox: Sandbox) -> Row:
    """The job with one connected source against a load of that source."""
    environment = _environment(sandbox, home)
    found = paired(
        lambda: cost((*_SCORELINE, "run", "refresh"), environment),
        lambda: cost((sys.executable, "-c", _ONE_SOURCE), environment),
        runs,
    )
    return _row("`refresh`, one connected source", found, "the load alone", "1.5", _REFRESH)


def build_row(runs: int, home: Path, sandbox: Sandbox) -> Row:
    """A build that changes nothing against dbt on the same file."""
    environment = _environment(sandbox, home)
    dbt = environment | {
        "SCORELINE_WAREHOUSE": str(home / "warehouse.duckdb"),
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
        "DBT_TARGET_PATH": str(home / "dbt"),
        "DBT_LOG_PATH": str(home / "dbt"),
        "DBT_LOG_LEVEL_FILE": "info",
    }
    found = paired(lambda: cost((*_SCORELINE, "run", "build"), environment), lambda: cost(_DBT, dbt), runs)
    return _row("`build`, nothing changed", found, "`dbt build`", "1.5", "Dagster's events, and publishing")


def large_rows(home: Path, sandbox: Sandbox, folder: Path) -> list[Row]:
    """A CRM ten times as large against the CRM, and one line with a million records; a build each."""
    once = _built(home, sandbox)
    large = folder / "large"
    shutil.copytree(home, large)
    with closing(duckdb.connect(str(large / "warehouse.duckdb"))) as connection:
        ten_times(connection)
    ten = _built(large, sandbox)
    with closing(duckdb.connect(str(large / "warehouse.duckdb"))) as connection:
        one_line_with(connection, 1_000_000)
    million = _built(large, sandbox)
    beside = "`build` of the CRM as it is"
    return [
        _row("`build`, CRM ten times as large", (ten, once, ten.cpu / once.cpu), beside, "4, 1200 MB"),
        _row("the same, one line with a million calls", (million, once, million.cpu / once.cpu), beside, ""),
    ]


def portal_row(home: Path, sandbox: Sandbox) -> Row:
    """The 95th percentile of the weekly endpoint while a build runs against that without."""
    os.environ.update(_environment(sandbox, home))
    quiet, busy = (Cost(milliseconds / 1000, 0.0, 0.0) for milliseconds in portal.measure(Settings()))
    ratio = busy.seconds / quiet.seconds
    return _row("portal, p95 of a week, a build running", (busy, quiet, ratio), "no build", "3")


# ------------------------------------------------------------------ what they need


def _row(what: str, found: tuple[Cost, Cost, float], beside: str, goal: str, ahead: str = "") -> Row:
    ours, other, ratio = found
    print(f"{what}: {ratio:.2f}", file=sys.stderr)
    return Row(
        what, ours, beside, other, ratio, goal, ahead if not goal or ratio > float(goal.split(",")[0]) else ""
    )


def _environment(sandbox: Sandbox, home: Path) -> dict[str, str]:
    return {
        **sandbox.environment,
        "SCORELINE_HOME": str(home),
        "SCORELINE_ENV_FILE": os.devnull,
        "SCORELINE_AS_OF": FIRST,
    }


def _built(home: Path, sandbox: Sandbox) -> Cost:
    """A build that writes every page, as a CRM that has grown does."""
    shutil.rmtree(home / "site", ignore_errors=True)
    return cost((*_SCORELINE, "run", "build"), _environment(sandbox, home))


def _demo(home: Path, company: str) -> None:
    environment = os.environ | {"SCORELINE_HOME": str(home)}
    command = (*_SCORELINE, "demo", "--company", company, "--sandbox-port", "0")
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="pairs of each (default 3)")
    parser.add_argument("--only", choices=ROWS, action="append", help="measure this row. Repeatable")
    parser.add_argument("--home", type=Path, help="a home of `scoreline demo`; a copy of it is used")
    parser.add_argument("--sales-home", type=Path, help="one of `scoreline demo --company sales`")
    options = parser.parse_args()
    wanted = options.only or ROWS
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "help" in wanted:
            rows.append(help_row(options.runs))
        if "load" in wanted:
            rows += load_rows(options.runs, folder)
        for company, given, names in (
            ("cedar", options.home, {"build", "portal"}),
            ("sales", options.sales_home, {"refresh", "large"}),
        ):
            if not names & set(wanted):
                continue
            home = folder / company
            if given:
                shutil.copytree(given, home)
            else:
                _demo(home, company)
            with running_sandbox(as_of=FIRST, company=company) as sandbox:
                if "build" in wanted and company == "cedar":
                    rows.append(build_row(options.runs, home, sandbox))
                if "portal" in wanted and company == "cedar":
                    rows.append(portal_row(home, sandbox))
                if "refresh" in wanted and company == "sales":
                    rows.append(refresh_row(options.runs, home, sandbox))
                if "large" in wanted and company == "sales":
                    rows += large_rows(home, sandbox, folder)
    heads = [
        "what",
        "s",
        "CPU s",
        "MB",
        "beside",
        "s",
        "CPU s",
        "MB",
        "ratio",
        "goal",
        "still ahead, and why",
    ]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(row.cells())} |")


if __name__ == "__main__":
    main()
