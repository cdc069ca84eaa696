"""Typed-in numbers: the CSV files of `manual_entries/`.

*.csv -> raw_manual.entries (rows that say what they should) and raw_manual.rejected (the others, with file,
    line and reason)

Columns, in any order: metric, person, week or date, value, note, entered_by, entered_at. `metric` is a line
or a metric of scorecard_lines.csv, `person` a person_key of people.csv or empty, `week` an ISO week
(2025-W43) or any day of it, `entered_at` an instant (without zone: the company's). Files are append-only: a
correction is a later row, the newest entered_at wins downstream. Rows entered after the run's clock are left
for later; rows of a week or day that has not begun are rejected until then. Both tables are what the files
say now; a bad row or file never stops the others.

Settings: SCORELINE_MANUAL_DIR. No credentials, so it is always connected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dlt_pipelines.core.run import Run
from dlt_pipelines.core.seeds import seed_rows
from dlt_pipelines.core.source import ColumnType, Source
from dlt_pipelines.doctor.findings import Finding
from dlt_pipelines.kinds.csv_files import (
    Folder,
    Header,
    Read,
    Rejected,
    day,
    instant,
    number,
    read_folder,
    tables,
    waits,
    week,
)
from foundation.calendar import local_date, week_start
from foundation.settings import Company, Settings

SOURCE = "manual"
FOLDER = "SCORELINE_MANUAL_DIR"
HEADER = Header(
    "metric, person, week or date, value, note, entered_by, entered_at",
    (("metric",), ("person",), ("week", "date"), ("value",), ("note",), ("entered_by",), ("entered_at",)),
)
ENTRIES: dict[str, ColumnType] = {
    "file": "text",
    "line": "bigint",
    "metric": "text",
    "person_key": "text",
    "week_start": "date",
    "occurred_on": "date",
    "value": "decimal",
    "note": "text",
    "entered_by": "text",
    "entered_at": "timestamp",
}


@dataclass
class ManualFiles(Folder):
    """Where the files are and what they may name."""

    metrics: frozenset[str]
    people: frozenset[str]


def connect(settings: Settings, company: Company) -> ManualFiles:
    """The folder of the files, and the metrics and people they may name.

    Raises:
        PermanentError: a seed file (scorecard_lines.csv, people.csv) is missing or lacks a column.
    """
    lines, people = (
        seed_rows(settings, "scorecard_lines", "line_id", "metric_id"),
        seed_rows(settings, "people", "person_key"),
    )
    metrics = frozenset(name for row in lines for name in (row["line_id"], row["metric_id"]))
    return ManualFiles(settings.manual_dir, metrics, frozenset(row["person_key"] for row in people))


def identify(client: ManualFiles) -> str:
    """The files are the company's own, wherever they lie."""
    return "files"


def read_files(files: ManualFiles, company: Company, now: datetime) -> Read:
    """Every row of every file, sorted into entries and rejected rows."""
    today = local_date(now, company.zone)

    def entry(file: str, line: int, cells: Mapping[str, str]) -> dict[str, Any] | None:
        row = _entry(cells, files, company)
        if row["occurred_on"] > today:
            raise Rejected(
                f"{cells.get('date') or cells.get('week')} has not begun; the row counts from then on"
            )
        return (
            None
            if waits(local_date(row["entered_at"], company.zone), today) or row["entered_at"] > now
            else row
        )

    return read_folder(files.folder, HEADER, entry)


def _entry(cells: Mapping[str, str], files: ManualFiles, company: Company) -> dict[str, Any]:
    if cells["metric"] not in files.metrics:
        raise Rejected(
            f'unknown metric "{cells["metric"]}"; it must be a line_id or metric_id of scorecard_lines.csv'
        )
    if cells["person"] and cells["person"] not in files.people:
        raise Rejected(f'unknown person "{cells["person"]}"; it must be a person_key of people.csv')
    occurred_on = _occurred_on(cells)
    return {
        "metric": cells["metric"],
        "person_key": cells["person"] or None,
        "week_start": week_start(occurred_on),
        "occurred_on": occurred_on,
        "value": number(cells["value"], "value"),
        "note": cells["note"] or None,
        "entered_by": cells["entered_by"] or None,
        "entered_at": instant(cells["entered_at"], "entered_at", company.zone),
    }


def _occurred_on(cells: Mapping[str, str]) -> date:
    on, of_week = cells.get("date", ""), cells.get("week", "")
    if not on and not of_week:
        raise Rejected("neither week nor date is filled in")
    occurred_on = day(on, "a date") if on else week(of_week)
    if on and of_week and week(of_week) != week_start(occurred_on):
        raise Rejected(f"{on} is not in week {of_week}")
    return occurred_on


def begin(run: Run[ManualFiles, Read]) -> None:
    """Before the first row: read the files, and name what is wrong with them."""
    run.memory = read_files(run.client, run.company, run.started_at)
    run.memory.tell(run, "Typed-in numbers", run.client.folder, FOLDER)


def diagnose(client: ManualFiles, settings: Settings, company: Company) -> Iterator[Finding]:
    """Is the folder there, and can every row be read?"""
    yield from read_files(client, company, settings.now()).findings(SOURCE, client.folder, FOLDER, "entries")


source: Source[ManualFiles, Read] = Source(
    SOURCE,
    None,
    tables(
        SOURCE,
        "entries",
        "One row per typed-in number: metric (a line or a metric), person, week and value. Corrections stay;"
        " the newest counts.",
        ENTRIES,
        newest="entered_at",
    ),
    connect,
    identify,
    diagnose,
    memory=Read,
    begin=begin,
)
