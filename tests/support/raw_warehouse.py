"""A tiny raw warehouse for the dbt tests: the tables as the sources declare them, a few rows by hand, and a
real `dbt build`."""

from __future__ import annotations

import contextlib
import functools
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from dlt_pipelines.registry import SOURCES
from foundation.settings import PROJECT_ROOT, Company, Settings
from foundation.warehouse import Warehouse
from tests.support import in_process

DBT_DIR = PROJECT_ROOT / "dbt_project"
VIEWS = ("path:models/staging", "path:models/metrics")
"""Two thirds of all models: views whose SQL depends on the settings alone."""

_TYPES = {
    "text": "text",
    "bigint": "bigint",
    "decimal": "decimal(38,9)",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamptz",
}


@functools.cache
def raw_tables() -> dict[str, dict[str, str]]:
    """Source -> table -> its columns as DDL, as the sources declare them."""
    return {
        name: {
            table.name: ", ".join(f"{column} {_TYPES[kind]}" for column, kind in table.columns.items())
            for table in entry.source.tables
        }
        for name, entry in SOURCES.items()
    }


def at(text: str) -> datetime:
    """An instant from ISO text; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@dataclass
class RawWarehouse:
    """A warehouse file below `home` with empty raw tables. Add rows, then `build()`, then `query()`."""

    settings: Settings
    company: Company
    seeds: dict[str, str] = field(default_factory=dict)
    """Seed name -> CSV text that replaces the project's seed."""
    unit_tests: bool = False
    """dbt's unit tests bring their own rows: one of all warehouses runs them."""
    artifacts: bool = False
    """dbt writes its manifest and the graph, which takes longer than a small build."""
    views: Path | None = None
    """A warehouse file with `VIEWS` and nothing in it: they need not be made again."""

    def __post_init__(self) -> None:
        if self.views:
            shutil.copyfile(self.views, self.settings.warehouse_path)
        self.prepare()
        if self.views:
            return
        with contextlib.closing(Warehouse(self.settings).connect()) as connection:
            for source, tables in raw_tables().items():
                connection.execute(f"create schema if not exists raw_{source}")
                for table, columns in tables.items():
                    connection.execute(f"create table raw_{source}.{table} ({columns}, _dlt_load_id text)")

    def prepare(self) -> None:
        """Write clock, settings and sources for dbt, as before each build."""
        Warehouse(self.settings).prepare(
            self.company, [(e.name, e.label, 30.0, e.kind) for e in SOURCES.values()]
        )

    def add(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows into `hubspot.calls` and the like; what a row doesn't name is null."""
        with contextlib.closing(Warehouse(self.settings).connect()) as connection:
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(
                    f"insert into raw_{table} ({', '.join(row)}) values ({marks})", list(row.values())
                )

    def change(self, sql: str) -> None:
        """Run statements on the raw tables, as a later sync would have changed them."""
        with contextlib.closing(Warehouse(self.settings).connect()) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(sql)

    def turn_clock(self, as_of: str) -> None:
        """The next `build()` runs at another clock."""
        self.settings = self.settings.model_copy(update={"as_of": at(as_of)})
        self.prepare()

    def loaded(
        self,
        source: str,
        status: str = "ok",
        *,
        through: datetime | None = None,
        since: datetime | None = None,
        finished: datetime | None = None,
        tables: Iterable[str] | None = None,
        error: str | None = None,
        totals: Mapping[str, int] | None = None,
    ) -> None:
        """Write a ledger row per table of the source. `totals`: table -> how many records the vendor says
        there are."""
        finished = finished or through or self.settings.now()
        Warehouse(self.settings).record_loads(
            [
                {
                    "load_id": f"{source}-{status}-{finished:%Y%m%d%H%M}",
                    "source": source,
                    "table_name": table,
                    "status": status,
                    "started_at": finished - timedelta(minutes=1),
                    "finished_at": finished,
                    "complete_from": since,
                    "complete_through": through,
                    "rows_loaded": 1,
                    "rows_total": 2,
                    "requests": 3,
                    "waited_seconds": 0.5,
                    "error": error,
                    "vendor_total": (totals or {}).get(table),
                }
                for table in tables or raw_tables()[source]
            ]
        )

    def build(self, *arguments: str) -> str:
        """Run `dbt build`; returns its output.

        Raises:
            AssertionError: dbt ended with an error; the text is its output.
        """
        if self._has_its_views():
            # dbt takes one --exclude: what the test leaves out, and these
            place = arguments.index("--exclude") + 1 if "--exclude" in arguments else 0
            arguments = (*(arguments[:place] or ["--exclude"]), *VIEWS, *arguments[place:])
        ran = self.dbt("build", *arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def _has_its_views(self) -> bool:
        """A view has the settings in its SQL: those of another company are made again."""

        def configured(file: Path) -> list[tuple[str, str]]:
            with contextlib.closing(duckdb.connect(str(file), read_only=True)) as connection:
                return connection.execute("select name, value from config.settings order by all").fetchall()

        return self.views is not None and configured(self.views) == configured(self.settings.warehouse_path)

    def dbt(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a dbt command against this warehouse."""
        return in_process.run(
            [command, "--project-dir", str(self.project()), "--profiles-dir", str(DBT_DIR), *arguments],
            {
                "SCORELINE_WAREHOUSE": str(self.settings.warehouse_path),
                "DBT_TARGET_PATH": str(self.target),
                "DBT_LOG_LEVEL_FILE": "none",
                "DBT_WRITE_JSON": str(self.artifacts),
                # an option on the command line wins
                **({} if self.unit_tests else {"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"}),
            },
            self.project(),
        )

    @property
    def target(self) -> Path:
        return self.settings.home / "dbt_target"

    def project(self) -> Path:
        """The dbt project: the real one, or where seeds are replaced a folder of links to it with those
        seeds."""
        if not self.seeds:
            return DBT_DIR
        project = self.settings.home / "dbt_project"
        (project / "seeds").mkdir(parents=True, exist_ok=True)
        for part in ("dbt_project.yml", "models", "macros", "snapshots", "tests"):
            link = project / part
            if not link.exists():
                link.symlink_to(DBT_DIR / part)
        for seed in DBT_DIR.glob("seeds/*"):
            text = self.seeds.get(seed.stem) if seed.suffix == ".csv" else None
            (project / "seeds" / seed.name).write_text(
                seed.read_text(encoding="utf-8") if text is None else text, encoding="utf-8"
            )
        return project

    def keep_views(self, copy: Path) -> Path:
        """A copy of the built warehouse that has its views and its raw tables, and nothing that was built
        from them."""
        shutil.copyfile(self.settings.warehouse_path, copy)
        with contextlib.closing(duckdb.connect(str(copy))) as connection:
            built = (
                "select table_schema, table_name from information_schema.tables where table_type = 'BASE"
                " TABLE' and table_schema in "
            )
            for schema, table in connection.execute(
                f"{built} ('intermediate', 'marts', 'snapshots', 'seeds')"
            ).fetchall():
                connection.execute(f"drop table {schema}.{table}")
        return copy

    def query(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """Rows as dicts, read from the built warehouse."""
        with contextlib.closing(
            duckdb.connect(str(self.settings.warehouse_path), read_only=True)
        ) as connection:
            connection.execute("set TimeZone = 'UTC'")
            cursor = connection.execute(sql, parameters or [])
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
