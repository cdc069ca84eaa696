"""A tiny raw warehouse for the dbt tests: the tables of the raw contract by DDL, a few rows by hand, and a real `dbt build`."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from foundation.settings import PROJECT_ROOT, Company, Settings
from foundation.warehouse import Warehouse

DBT_DIR = PROJECT_ROOT / "dbt_project"

_CRM = "archived boolean, archived_at timestamptz, created_at timestamptz, updated_at timestamptz"
RAW_TABLES: dict[str, dict[str, str]] = {
    "hubspot": {
        "contacts": "id text, email text, firstname text, lastname text, jobtitle text, lifecyclestage text, hs_lead_status text, "
        "hs_analytics_source text, hubspot_owner_id text, buying_role text, coi_since date, hs_merged_object_ids text, "
        f"became_lead_at timestamptz, {_CRM}",
        "companies": "id text, name text, domain text, industry text, numberofemployees bigint, lifecyclestage text, "
        f"hubspot_owner_id text, {_CRM}",
        "deals": "id text, dealname text, pipeline text, dealstage text, amount decimal(38,9), mrr decimal(38,9), deal_currency_code text, "
        f"dealtype text, closedate timestamptz, createdate timestamptz, hubspot_owner_id text, closed_lost_reason text, {_CRM}",
        "calls": "id text, hs_timestamp timestamptz, hs_call_duration bigint, hs_call_direction text, hs_call_disposition text, "
        "hs_call_status text, hs_call_title text, hs_activity_type text, hs_object_source_label text, "
        f"hubspot_owner_id text, {_CRM}",
        "meetings": "id text, hs_timestamp timestamptz, hs_meeting_start_time timestamptz, hs_meeting_end_time timestamptz, "
        "hs_meeting_outcome text, hs_meeting_title text, hs_activity_type text, hubspot_owner_id text, "
        f"hs_attendee_owner_ids text, {_CRM}",
        "notes": f"id text, hs_timestamp timestamptz, hs_note_body text, hubspot_owner_id text, {_CRM}",
        "tasks": "id text, hs_timestamp timestamptz, hs_task_status text, hs_task_type text, hs_task_priority text, "
        f"hs_task_subject text, hs_task_completion_date timestamptz, hubspot_owner_id text, {_CRM}",
        "emails": "id text, hs_timestamp timestamptz, hs_email_direction text, hs_email_status text, hs_email_subject text, "
        f"hubspot_owner_id text, {_CRM}",
        "associations": "from_type text, from_id text, to_type text, to_id text",
        "owners": "id text, email text, first_name text, last_name text, type text, user_id text, team_name text, archived boolean, "
        "created_at timestamptz, updated_at timestamptz",
        "deal_pipelines": "id text, label text, display_order bigint, archived boolean",
        "deal_stages": "pipeline_id text, id text, label text, display_order bigint, is_closed boolean, probability decimal(38,9), "
        "last_seen_at timestamptz",
        "call_outcomes": "id text, label text",
        "lists": "id text, name text, size bigint, processing_type text",
        "list_members": "snapshot_date date, list_id text, record_id text, membership_timestamp timestamptz",
        "account": "portal_id text, time_zone text, company_currency text, ui_domain text",
    },
    "autotask": {
        "tickets": "id bigint, ticket_number text, title text, company_id bigint, queue_id bigint, status bigint, priority bigint, "
        "issue_type bigint, ticket_type bigint, assigned_resource_id bigint, creator_resource_id bigint, "
        "completed_by_resource_id bigint, create_date timestamptz, completed_date timestamptz, last_activity_date timestamptz, "
        "first_response_date_time timestamptz, deleted_at timestamptz",
        "time_entries": "id bigint, ticket_id bigint, task_id bigint, time_entry_type bigint, resource_id bigint, date_worked date, "
        "start_date_time timestamptz, end_date_time timestamptz, hours_worked decimal(38,9), hours_to_bill decimal(38,9), "
        "is_non_billable boolean, billing_code_id bigint, internal_billing_code_id bigint, create_date_time timestamptz, "
        "last_modified_date_time timestamptz, deleted_at timestamptz",
        "resources": "id bigint, first_name text, last_name text, email text, is_active boolean, resource_type text, title text",
        "companies": "id bigint, company_name text, company_type bigint, is_active boolean, create_date timestamptz, "
        "last_activity_date timestamptz",
        "billing_codes": "id bigint, name text, use_type bigint, is_active boolean",
        "picklists": "entity text, field text, value bigint, label text, is_active boolean, sort_order bigint",
        "account": "zone_name text, url text, web_url text",
    },
    "manual": {
        "entries": "file text, line bigint, metric text, person_key text, week_start date, occurred_on date, value decimal(38,9), "
        "note text, entered_by text, entered_at timestamptz",
        "rejected": "file text, line bigint, reason text, content text",
    },
}
SOURCES = [("hubspot", "HubSpot", "daily", 30.0), ("autotask", "Autotask", "daily", 30.0), ("manual", "Typed-in numbers", "daily", 30.0)]


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

    def __post_init__(self) -> None:
        Warehouse(self.settings).prepare(self.company, SOURCES)
        with contextlib.closing(Warehouse(self.settings).connect()) as connection:
            for source, tables in RAW_TABLES.items():
                connection.execute(f"create schema if not exists raw_{source}")
                for table, columns in tables.items():
                    connection.execute(f"create table raw_{source}.{table} ({columns}, _dlt_load_id text)")

    def add(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows into `hubspot.calls` and the like; what a row doesn't name is null."""
        with contextlib.closing(Warehouse(self.settings).connect()) as connection:
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"insert into raw_{table} ({', '.join(row)}) values ({marks})", list(row.values()))

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
    ) -> None:
        """Write a ledger row per table of the source."""
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
                }
                for table in tables or RAW_TABLES[source]
            ]
        )

    def build(self, *arguments: str) -> str:
        """Run `dbt build` in a process of its own on a copy-free project; returns its output.

        Raises:
            AssertionError: dbt ended with an error; the text is its output.
        """
        ran = self.dbt("build", *arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def dbt(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a dbt command against this warehouse."""
        environment = os.environ | {
            "SCORELINE_WAREHOUSE": str(self.settings.warehouse_path),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.settings.home / "dbt_logs"),
        }
        return subprocess.run(
            [
                sys.executable,
                "-c",
                "from dbt.cli.main import cli; cli()",
                command,
                "--project-dir",
                str(self.project()),
                "--profiles-dir",
                str(DBT_DIR),
                *arguments,
            ],
            env=environment,
            capture_output=True,
            text=True,
            cwd=self.settings.home,
        )

    @property
    def target(self) -> Path:
        return self.settings.home / "dbt_target"

    def project(self) -> Path:
        """The dbt project: the real one, or where seeds are replaced a folder of links to it with those seeds."""
        if not self.seeds:
            return DBT_DIR
        project = self.settings.home / "dbt_project"
        (project / "seeds").mkdir(parents=True, exist_ok=True)
        for part in ("dbt_project.yml", "models", "macros", "tests"):
            link = project / part
            if not link.exists():
                link.symlink_to(DBT_DIR / part)
        for seed in DBT_DIR.glob("seeds/*"):
            text = self.seeds.get(seed.stem) if seed.suffix == ".csv" else None
            (project / "seeds" / seed.name).write_text(seed.read_text(encoding="utf-8") if text is None else text, encoding="utf-8")
        return project

    def query(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """Rows as dicts, read from the built warehouse."""
        with contextlib.closing(duckdb.connect(str(self.settings.warehouse_path), read_only=True)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            cursor = connection.execute(sql, parameters or [])
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
