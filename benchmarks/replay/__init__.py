"""Replay 90 days of deals and calls with a load and a build per day, and list every published number that
changed. `make replay` runs it.

The account is a sandbox of its own. Deals move between pipelines and stages, change owners, are won and lost
with dates typed in ahead and back, reopened, merged, deleted and corrected. Calls are logged late, moved and
deleted. A diary records what happened to each record, and a list says for each kind of entry which metrics it
may restate. A restatement is explained if its cause is its records and each of them has such an entry since
the number was published. Also, the pipeline of every Monday must equal the diary's entry for that Monday.

Exits with 1 if a restatement has no explanation or a Monday has another value.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn
from dbt.cli.main import dbtRunner

from benchmarks.replay.diary import Diary
from benchmarks.replay.expected import MAY_CHANGE, METRICS
from dlt_pipelines.core.load import ensure_tables, load
from dlt_pipelines.sources import hubspot as hubspot_source
from foundation.dbt_files import project_dir
from foundation.settings import PROJECT_ROOT, Company, Settings, load_company
from foundation.warehouse import Warehouse
from sandbox.companies.base import MAYA, VICTOR, at
from sandbox.engine.store import from_ms, to_ms
from sandbox.engine.world import Clock, Limits, World
from sandbox.server import HOST, bind, make_app
from sandbox.vendors import hubspot

COMPANY = """
[company]
name = "Replay"
time_zone = "America/Chicago"
currency = "USD"
[calendar]
business_day_start = "08:00"
business_day_end = "17:00"
[hubspot]
pipelines = ["default"]
mrr_property = "hs_mrr"
connected_outcomes = []
renewal_deal_types = ["renewal"]
[mail]
from = "a@replay.example"
operator = "o@replay.example"
"""
PEOPLE = """\
person_key,full_name,email,hubspot_email,autotask_email,team,weekly_hours,active_from,active_to
{people}"""
LINES = """\
line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to
{lines}"""
GOALS = "line_id,valid_from,valid_to,operator,target,target_2,band,reason,per,kind,tolerance\n"

MARTS = ("+fct_restatements", "+fct_restatement_records", "+scoreline.marts.sales")
_NOT_CONNECTED = (
    "accounting",
    "devices",
    "figures",
    "finance",
    "manual",
    "marketing",
    "outreach",
    "service",
    "support",
)
ONCE = (
    "resource_type:seed",
    "scoreline.staging",
    "scoreline.metrics",
    *(f"scoreline.intermediate.{room}" for room in _NOT_CONNECTED),
)
"""What the first build made and no day changes: seeds, views, and what is built on sources that are not
connected."""


@dataclass
class Replay:
    """A company that loads and builds from a diary's account, day by day."""

    diary: Diary
    home: Path
    world: World
    url: str
    begins: date
    dbt: Callable[[Sequence[str], Path], None]
    """Runs a dbt command on a project."""
    marts: Sequence[str] = MARTS
    is_built: bool = False
    seconds: Counter[str] = field(default_factory=Counter)

    def settings(self) -> Settings:
        return Settings()

    def company(self) -> Company:
        return load_company(self.settings())

    def write_company(self) -> None:
        """company.toml and the seeds: a line per metric and person."""
        (self.home / "company.toml").write_text(COMPANY, encoding="utf-8")
        seeds = self.home / "seeds"
        seeds.mkdir()
        people = {"maya": MAYA, "victor": VICTOR}
        rows = "".join(
            f"{key},{who.first} {who.last},{who.email},,,sales,40,2024-01-01,\n"
            for key, who in people.items()
        )
        (seeds / "people.csv").write_text(PEOPLE.format(people=rows), encoding="utf-8")
        since = self.begins - timedelta(days=70)
        lines = "".join(
            f"{key}.{metric},{key},{key.title()},{number},{metric},,{key},{key},,{since},\n"
            for key in people
            for number, metric in enumerate(METRICS, 1)
        )
        (seeds / "scorecard_lines.csv").write_text(LINES.format(lines=lines), encoding="utf-8")
        (seeds / "goals.csv").write_text(GOALS, encoding="utf-8")
        for name in ("holidays", "approved_offers"):
            own = PROJECT_ROOT / "dbt_project" / "seeds" / f"{name}.csv"
            (seeds / own.name).write_text(own.read_text(encoding="utf-8"), encoding="utf-8")

    def day(self, morning: datetime, *, build: bool = True) -> None:
        """Turn the clock, load what changed, and build what depends on it."""
        os.environ["SCORELINE_AS_OF"] = morning.isoformat()
        self.world.clock.as_of = morning
        settings, company = self.settings(), self.company()
        began = time.process_time()
        load("hubspot", settings, company)
        loaded = time.process_time()
        self.seconds["load"] += loaded - began
        if build:
            ensure_tables(settings, company)
            self._build(settings)
            self.seconds["build"] += time.process_time() - loaded

    def _build(self, settings: Settings) -> None:
        project = project_dir(settings)
        command = ["build", "--select", *self.marts, *(("--exclude", *ONCE) if self.is_built else ())]
        command += ["--exclude-resource-type", "test", "unit_test", "--log-level-file", "none", "--quiet"]
        command += ["--project-dir", str(project), "--profiles-dir", str(settings.dbt_dir)]
        command += ["--target-path", str(self.home / "dbt_target")]
        with Warehouse(settings).write_lock("replay"):
            self.dbt(command, project)
        self.is_built = True

    def query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with contextlib.closing(Warehouse(self.settings()).connect()) as connection:
            connection.execute("set TimeZone = 'UTC'")
            cursor = connection.execute(sql, list(values))
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def restatements(self, since: datetime) -> list[Restatement]:
        """Every published number that changed at `since` or later, with what the diary says about its
        records."""
        rows = self.query(
            "select * from marts.fct_restatements where changed_at >= ? order by changed_at, line_id,"
            " period_start",
            since,
        )
        records = self.query(
            "select line_id, period_start, changed_at, record_id from marts.fct_restatement_records where"
            " changed_at >= ?",
            since,
        )
        differing: dict[tuple[Any, ...], list[str]] = {}
        for row in records:
            differing.setdefault((row["line_id"], row["period_start"], row["changed_at"]), []).append(
                row["record_id"]
            )
        return [
            self._explained(row, differing.get((row["line_id"], row["period_start"], row["changed_at"]), []))
            for row in rows
        ]

    def _explained(self, row: dict[str, Any], records: Iterable[str]) -> Restatement:
        since, until = to_ms(row["published_at"]), to_ms(row["changed_at"])
        causes: dict[str, tuple[str, ...]] = {}
        for record in records:
            kinds = {
                entry.kind
                for entry in self.diary.entries
                if since < entry.at <= until and record in entry.records
            }
            causes[record] = tuple(
                sorted(kind for kind in kinds if row["metric_id"] in MAY_CHANGE.get(kind, ()))
            )
        return Restatement(row, causes)

    def mondays(self) -> list[Monday]:
        """The pipeline of each finished week, as published now and as the diary has it."""
        found = self.query(
            "select week_start, sum(value) as value from marts.fct_scorecard_weekly "
            "where metric_id = 'pipeline_value' and is_finished and week_start >= ? group by 1 order by 1",
            self.begins,
        )
        now = to_ms(self.world.clock.now())
        gone = self.diary.gone(now)
        return [
            Monday(
                row["week_start"],
                row["value"],
                self.diary.open_value(at(row["week_start"] + timedelta(days=7), 0) - 1, gone),
            )
            for row in found
        ]


@dataclass(frozen=True)
class Restatement:
    """A published number that changed: its row of fct_restatements, and per record the entries that explain
    it."""

    row: dict[str, Any]
    causes: dict[str, tuple[str, ...]]

    @property
    def is_explained(self) -> bool:
        return self.row["cause"] == "records" and bool(self.causes) and all(self.causes.values())

    def __str__(self) -> str:
        kinds = sorted({kind for found in self.causes.values() for kind in found}) or ["NOTHING"]
        bare = [record for record, found in self.causes.items() if not found]
        return (
            f"{self.row['changed_at']:%Y-%m-%d}  {self.row['line_id']:<34} {self.row['period_label']:<9}"
            f" {number_text(self.row['value_was']):>12} -> {number_text(self.row['value_now']):>12} "
            f" {self.row['cause']}: {', '.join(kinds)}"
            + (f"; nothing happened to {', '.join(bare)}" if bare else "")
        )


@dataclass(frozen=True)
class Monday:
    """The pipeline at the end of a week: as published, and as it was."""

    week_start: date
    published: Decimal
    was: Decimal


def number_text(value: Any) -> str:
    return "none" if value is None else f"{value:,.2f}"


class Dbt:
    """dbt in this process, which parses the project once.

    Raises:
        RuntimeError: dbt failed; the text says where.
    """

    def __init__(self) -> None:
        self._manifest: Any = None

    def __call__(self, command: Sequence[str], project: Path) -> None:
        if not self._manifest:
            where = command[command.index("--project-dir") :]
            self._manifest = self._run("parse", "--log-level-file", "none", "--quiet", *where)
        self._run(*command)

    def _run(self, *command: str) -> Any:
        ran = dbtRunner(manifest=self._manifest).invoke(list(command))
        if not ran.success:
            failed = [
                f"{result.node.name}: {result.message}"
                for result in getattr(ran.result, "results", ())
                if result.status == "error"
            ]
            raise RuntimeError(f"dbt {command[0]}: {ran.exception or failed}")
        return ran.result


@contextlib.contextmanager
def replaying(
    diary: Diary, home: Path, begins: date, dbt: Callable[[Sequence[str], Path], None] | None = None
) -> Iterator[Replay]:
    """Serve the diary's account on loopback while the block runs, with the settings of the replay in the
    environment.

    Args:
        dbt: what runs dbt's commands. Default: `Dbt`.
    """
    world = World(
        diary.book.store,
        Clock(datetime.combine(begins, datetime.min.time(), UTC)),
        1,
        "cedar",
        Limits(enforced=False),
    )
    place = bind(0)
    server = uvicorn.Server(
        uvicorn.Config(make_app(world), access_log=False, log_level="warning", lifespan="off")
    )
    thread = threading.Thread(target=server.run, args=([place],), daemon=True)
    thread.start()
    replay = Replay(diary, home, world, f"http://{HOST}:{place.getsockname()[1]}", begins, dbt or Dbt())
    replay.write_company()
    places = {
        "SCORELINE_HOME": str(home),
        "SCORELINE_COMPANY_FILE": str(home / "company.toml"),
        "SCORELINE_SEEDS_DIR": str(home / "seeds"),
        "SCORELINE_ENV_FILE": os.devnull,
        "SCORELINE_WAREHOUSE": str(home / "warehouse.duckdb"),
        "SANDBOX_URL": replay.url,
        **hubspot.CREDENTIALS,
    }
    before = dict(os.environ)
    limits = hubspot_source.BURST, hubspot_source.SEARCHES
    os.environ.update(places)
    hubspot_source.BURST, hubspot_source.SEARCHES = (1_000_000, 10.0), (1_000_000, 1.0)
    try:
        yield replay
    finally:
        hubspot_source.BURST, hubspot_source.SEARCHES = limits
        os.environ.clear()
        os.environ.update(before)
        server.should_exit = True
        thread.join()


def mornings(begins: date, days: int) -> Iterator[datetime]:
    """07:00 of the company's days, the first of them `begins`."""
    return (from_ms(at(begins + timedelta(days=number), 7)) for number in range(days))
