"""The tables that Scoreline itself writes into the warehouse: the ledger of loads, and what dbt reads of the
settings."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from foundation.formats import for_sql
from foundation.settings import Company

LEDGER = """
create schema if not exists ledger;
create table if not exists ledger.loads (
    -- order of writing: under SCORELINE_AS_OF all instants are equal
    load_number bigint not null,
    load_id text not null,            -- one per source and run
    source text not null,
    table_name text not null,
    status text not null,             -- ok | failed | not_connected | not_available
    started_at timestamptz not null,
    finished_at timestamptz not null,
    complete_from timestamptz,        -- null: from the vendor's beginning
    -- every record changed before this instant is in the raw table; null: not ok
    complete_through timestamptz,
    rows_loaded bigint,
    rows_total bigint,
    newest_record timestamptz,
    requests bigint,
    waited_seconds double,
    error text,                       -- redacted; says what to do
    vendor_total bigint,              -- how many records the vendor says there are; null: not asked
    access_ends timestamptz,          -- when the account must be connected again; null: never, or unknown
    warnings text[],                  -- redacted; of the run, in its first row
    lacks text                        -- redacted; rows that could not be read or placed; null: none
);
-- for warehouses made before these columns existed
alter table ledger.loads add column if not exists vendor_total bigint;
alter table ledger.loads add column if not exists access_ends timestamptz;
alter table ledger.loads add column if not exists warnings text[];
alter table ledger.loads add column if not exists lacks text;
create table if not exists ledger.unread (
    -- values that came and could not be stored, of rows that are in the raw table
    source text not null,
    table_name text not null,
    record_id text not null,
    column_name text not null,
    said text not null,               -- redacted; the warning that names it
    noted_at timestamptz not null,
    dates text[] not null,            -- the record's other instants and days (ISO)
    key_column text not null,         -- column of the raw table that holds record_id
    load_id text not null             -- _dlt_load_id of the row
);
create table if not exists ledger.backfills (
    source text not null,
    since timestamptz,                -- window, half open; null: from the beginning
    until timestamptz,                -- null: until it ran
    tables text not null,             -- names separated by commas; empty: all
    -- id at the vendor; empty: everything that belongs to none of the others; *: the whole source
    person text not null,
    name text not null,
    status text not null,             -- ok | failed | not_connected
    rows_loaded bigint not null,
    requests bigint not null,
    finished_at timestamptz not null,
    warnings text[] not null,
    error text                        -- redacted; says what to do
);
"""
CONFIG = """
create schema if not exists config;
create table if not exists config.clock (as_of timestamptz not null);
create table if not exists config.settings (name text not null, value text not null);
create or replace table config.sources (
    source text not null, label text not null, freshness_hours double not null,
    kind text not null                -- system: asked over the network | files: read from a folder
);
create table if not exists config.goals (
    sequence bigint not null, line_id text not null, valid_from date not null, operator text not null,
    target decimal(18, 6) not null, target_2 decimal(18, 6), band decimal(9, 6), tolerance decimal(18, 6),
    per text, reason text not null
);
create table if not exists config.normals (
    line_id text not null, starts_on date not null, reason text not null, entered_at timestamptz not null,
    entered_by text not null
);
create table if not exists config.notes (
    line_id text not null, period_start date not null, text text not null, version integer not null,
    entered_at timestamptz not null, entered_by text not null
);
create table if not exists config.actions (
    action_id text not null, line_id text not null, period_start date not null, what text not null,
    owner text not null, due_on date not null, state text not null, entered_at timestamptz not null,
    entered_by text not null
);
create table if not exists config.api_versions (
    source text not null, version text not null,
    part text not null,               -- the part of the API that this version serves; empty: all of it
    last_day date,                    -- null: unknown
    last_day_text text,               -- as the vendor publishes it: a day, a month, "not before" a day
    warned_from date                  -- the first day of the warning
);
alter table config.api_versions add column if not exists warned_from date;
"""


class ApiVersion(NamedTuple):
    """A row of `config.api_versions`."""

    source: str
    version: str
    part: str
    last_day: date | None
    last_day_text: str | None
    warned_from: date | None


def settings_rows(company: Company) -> list[tuple[str, str]]:
    """`company.toml` as rows (name, value), one row per item of a list: `('hubspot.pipelines', 'default')`.
    `format.*` says how numbers, amounts and days are written."""
    formats = for_sql(company.company.locale, company.company.currency)
    rows = [(f"format.{name}", text) for name, text in formats.items()]
    for section, table in company.model_dump(mode="json", by_alias=True, exclude={"warehouse"}).items():
        for key, value in table.items():
            items = value if isinstance(value, list) else [value]
            rows += [(f"{section}.{key}", str(item)) for item in items if isinstance(item, str | int | float)]
    return rows
