"""Shows which numbers a change of SQL, goals or settings changes: builds two revisions on the same raw data
and compares their facts.

Each revision prepares and builds a copy of the warehouse with its own code, so a base from before a setting
or a raw table works too. Reads nothing from a vendor and only copies the home's own warehouse.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from foundation.dbt_files import project_dir, write_metric_models
from foundation.errors import ScorelineError
from foundation.project_check import metric_faults
from foundation.settings import Settings, env_file
from foundation.warehouse import Warehouse

FACTS = {
    "week": "fct_scorecard_weekly",
    "month": "fct_scorecard_monthly",
    "quarter": "fct_scorecard_quarterly",
}
MADE_OF = ("dbt_project", "company.toml", "foundation", "dlt_pipelines")
"""The files that decide the numbers, given the raw data."""

_KEPT_SCHEMAS = (
    "schema_name not like 'raw\\_%' escape '\\' and schema_name not in ('main', 'ledger', 'config',"
    " 'snapshots')"
)
_PREPARE = (
    "from dlt_pipelines.core.load import ensure_tables\n"
    "from foundation.settings import Settings, load_company\n"
    "ensure_tables(Settings(), load_company(Settings()))\n"
)


class MetricDiffError(ScorelineError):
    """The comparison is not possible; the message says why and what to do."""


@dataclass(frozen=True)
class Fact:
    """One line's number of one period."""

    value: Any
    status: str | None
    target: Any

    def __str__(self) -> str:
        return f"{_number(self.value)} {self.status or 'no goal'}" + (
            f" (goal {_number(self.target)})" if self.target is not None else ""
        )


Facts = dict[tuple[str, str, str], Fact]
"""(metric, line, period) -> number."""


def base_revision(repository: Path, asked: str | None) -> str:
    """Return the commit to compare with: the one asked for, else where the branch left its upstream, else the
    one before the newest.

    Raises:
        MetricDiffError: The commit does not exist.
    """
    if asked:
        if commit := _git(
            repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}"
        ):
            return commit
        raise MetricDiffError(
            f"'{asked}' is not a revision of this repository. Give a branch, tag or commit; a shallow clone"
            " lacks the older ones."
        )
    head = _git(repository, "rev-parse", "HEAD")
    if (left := _git(repository, "merge-base", "HEAD", "@{upstream}")) and left != head:
        return left
    if before := _git(repository, "rev-parse", "--verify", "--quiet", "HEAD~1"):
        return before
    raise MetricDiffError(
        f"{repository} has no revision before this one to compare with: give one with --base (BASE=... with"
        " make)."
    )


def metric_diff(settings: Settings, repository: Path, base: str | None = None) -> list[str]:
    """Return lines that say which numbers differ between the revision `base` and the files as they are now.

    Raises:
        MetricDiffError: The revision or the warehouse does not exist, a metric's definition is wrong, or one
            of the two builds fails.
    """
    commit = base_revision(repository, base)
    title = f"{_git(repository, 'log', '-1', '--format=%h %s', commit)} -> the files as they are now"
    if not settings.warehouse_path.exists():
        raise MetricDiffError(
            f"no warehouse at {settings.warehouse_path}: make demo makes one, SCORELINE_HOME points to"
            " another"
        )
    if faults := list(metric_faults(settings.dbt_dir)):
        raise MetricDiffError("\n".join(faults))
    unchanged = _run(repository, "git", "diff", "--quiet", commit, "--", *MADE_OF).returncode == 0
    if unchanged and not _git(repository, "ls-files", "--others", "--exclude-standard", "--", *MADE_OF):
        return [title, "No number differs: no file that decides them has changed."]
    with (
        tempfile.TemporaryDirectory(prefix="scoreline-diff-") as place,
        _worktree(repository, commit, Path(place) / "tree") as tree,
    ):
        write_metric_models(settings.dbt_dir)
        was, now = Path(place) / "was", Path(place) / "now"
        clock = _copies(settings, was, now)
        environment = {
            **os.environ,
            "SCORELINE_AS_OF": clock,
            "SCORELINE_ENV_FILE": str(env_file() if env_file().exists() else os.devnull),
        }
        # seeds outside the repository have no revisions: both sides read the same ones
        earlier = settings.model_copy(update={"home": was, "dbt_dir": tree / "dbt_project"})
        builds = [
            _build(tree, was, project_dir(earlier), tree / "company.toml", environment),
            _build(repository, now, project_dir(settings), settings.company_file, environment),
        ]
        for which, process in zip((f"the base {commit[:9]}", "the present state"), builds, strict=True):
            output, _ = process.communicate()
            if process.returncode:
                for other in builds:
                    other.kill()
                raise MetricDiffError(f"{which} cannot be built:\n{output[-4000:]}")
        return [title, *differences(facts(was / "warehouse.duckdb"), facts(now / "warehouse.duckdb"))]


def facts(warehouse: Path) -> Facts:
    """Return every number of every line in a built warehouse; a cadence that the revision lacks has none."""
    found: Facts = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        there = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        }
        for cadence, table in FACTS.items():
            if table not in there:
                continue
            period = f"{cadence}_label"
            rows = connection.execute(
                f"select metric_id, line_id, {period}, value, status, target from marts.{table} order by all"
            )
            found |= {(metric, line, label): Fact(*rest) for metric, line, label, *rest in rows.fetchall()}
    return found


def differences(was: Facts, now: Facts) -> list[str]:
    """Return a text per number that differs and per new or removed line, and a summary; only the summary if
    nothing differs."""
    lines_was, lines_now = ({key[:2] for key in side} for side in (was, now))
    texts = [f"gone  {_whole(was, line)}" for line in sorted(lines_was - lines_now)]
    texts += [f"new  {_whole(now, line)}" for line in sorted(lines_now - lines_was)]
    both = lines_was & lines_now
    changed = [
        key for key in sorted(was.keys() | now.keys()) if key[:2] in both and was.get(key) != now.get(key)
    ]
    texts += [f"{'  '.join(key)}  {was.get(key, '-')} -> {now.get(key, '-')}" for key in changed]
    if not texts:
        return [f"No number differs ({len(now):,} compared)."]
    metrics, lines = len({key[0] for key in changed}), len(lines_was ^ lines_now)
    return [
        *texts,
        f"{len(changed):,} of {len(now):,} numbers differ, of {metrics} metrics; {lines} lines new or gone.",
    ]


def _whole(side: Facts, line: tuple[str, str]) -> str:
    """Describe a line that only one side has."""
    periods = {key[2]: fact for key, fact in side.items() if key[:2] == line}
    newest = max((label for label, fact in periods.items() if fact.value is not None), default=None)
    said = f"{newest} {periods[newest]}" if newest else "all blank"
    return f"{'  '.join(line)}  {len(periods)} periods, {said}"


def _number(value: Any) -> str:
    if value is None:
        return "blank"
    text = f"{value:,.4f}"
    return text.rstrip("0").rstrip(".")


def _copies(settings: Settings, *homes: Path) -> str:
    """Copy the raw data of the warehouse into each home, without what dbt built; return the warehouse's
    clock."""
    for home in homes:
        home.mkdir()
    first = homes[0] / "warehouse.duckdb"
    with Warehouse(settings).write_lock("metric-diff: copy"):
        shutil.copyfile(settings.warehouse_path, first)
    with duckdb.connect(str(first)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for (schema,) in connection.execute(
            "select schema_name from duckdb_schemas() where not internal and database_name ="
            f" current_database() and {_KEPT_SCHEMAS}"
        ).fetchall():
            connection.execute(f'drop schema "{schema}" cascade')
        connection.execute("drop table if exists config.sources")  # each revision writes its own shape
        try:
            row = connection.execute("select max(as_of) from config.clock").fetchone()
        except duckdb.CatalogException:
            row = None
    for home in homes[1:]:
        shutil.copyfile(first, home / "warehouse.duckdb")
    # the clock of the last run: with the present one every week since would be blank on both sides
    return (settings.as_of or (row and row[0]) or settings.now()).isoformat()


def _build(
    tree: Path, home: Path, dbt_dir: Path, company: Path, environment: dict[str, str]
) -> subprocess.Popen[str]:
    """Start the build of a revision's facts with that revision's code, without tests."""
    places = {"SCORELINE_HOME": home, "SCORELINE_DBT_DIR": dbt_dir, "SCORELINE_COMPANY_FILE": company}
    dbt = {
        "SCORELINE_WAREHOUSE": home / "warehouse.duckdb",
        "DBT_TARGET_PATH": home / "dbt",
        "DBT_LOG_PATH": home / "dbt",
    }
    selected = [
        "--select",
        *(f"+{table}" for table in FACTS.values()),
        "--exclude-resource-type",
        "test",
        "unit_test",
        "snapshot",
    ]
    build = ["build", *selected, "--project-dir", str(dbt_dir), "--profiles-dir", str(dbt_dir)]
    # the present folder comes first among the places of imports: each revision runs its own modules
    steps = f"import sys\n{_PREPARE}from dbt.cli.main import cli; sys.argv[0] = 'dbt'; cli()"
    return subprocess.Popen(
        [sys.executable, "-c", steps, *build],
        cwd=tree,
        env=environment
        | {name: str(value) for name, value in (places | dbt).items()}
        | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def _worktree(repository: Path, commit: str, place: Path) -> Iterator[Path]:
    made = _run(repository, "git", "worktree", "add", "--quiet", "--detach", str(place), commit)
    if made.returncode:
        raise MetricDiffError(f"git cannot check out {commit[:9]}: {made.stderr.strip()}")
    try:
        yield place
    finally:
        _run(repository, "git", "worktree", "remove", "--force", str(place))


def _git(repository: Path, *arguments: str) -> str:
    """Return what git prints, or an empty text if it fails."""
    ran = _run(repository, "git", *arguments)
    return ran.stdout.strip() if ran.returncode == 0 else ""


def _run(repository: Path, *command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=repository, capture_output=True, text=True)
    except FileNotFoundError:
        raise MetricDiffError("git is not installed: the two revisions come from it") from None
