"""Typed-in numbers: the CSV files of `manual_entries/`.

*.csv -> raw_manual.entries (rows that say what they should) and raw_manual.rejected (the others, with file, line and reason)

Columns, in any order: metric, person, week or date, value, note, entered_by, entered_at. `metric` is a line or a metric of
scorecard_lines.csv, `person` a person_key of people.csv or empty, `week` an ISO week (2025-W43) or any day of it, `entered_at` an
instant (without zone: the company's). Files are append-only: a correction is a later row, the newest entered_at wins downstream.
Rows entered after the run's clock are left for later. Both tables are what the files say now; a bad row or file never stops
the others.

Settings: SCORELINE_MANUAL_DIR. No credentials, so it is always connected.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt

from dlt_pipelines.findings import Finding
from dlt_pipelines.records import decimal
from dlt_pipelines.run import EVERYTHING, Run, table
from dlt_pipelines.seeds import seed_rows
from foundation.calendar import parse_week, week_start
from foundation.settings import Company, Settings

SOURCE = "manual"
CREDENTIALS = None
FEEDS: dict[str, tuple[str, ...]] = {}
NEWEST = {"entries": "entered_at"}
NAMES = ("metric", "person", "week", "date", "value", "note", "entered_by", "entered_at")
MOST_CONTENT = 1_000
"""Characters of a rejected row that are kept."""
MOST_WARNINGS = 20

csv.field_size_limit(1_000_000)


@dataclass(frozen=True)
class ManualFiles:
    """Where the files are and what they may name."""

    folder: Path
    metrics: frozenset[str]
    people: frozenset[str]


def connect(settings: Settings, company: Company) -> ManualFiles:
    """The folder of the files, and the metrics and people they may name.

    Raises:
        PermanentError: a seed file (scorecard_lines.csv, people.csv) is missing or lacks a column.
    """
    lines, people = seed_rows(settings, "scorecard_lines", "line_id", "metric_id"), seed_rows(settings, "people", "person_key")
    metrics = frozenset(name for row in lines for name in (row["line_id"], row["metric_id"]))
    return ManualFiles(settings.manual_dir, metrics, frozenset(row["person_key"] for row in people))


def identify(client: ManualFiles) -> str:
    """The files are the company's own, wherever they lie."""
    return "files"


class Rejected(Exception):
    """Why a row is not loaded."""


@dataclass
class _Read:
    entries: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, file: str, line: int, reason: str, cells: list[str]) -> None:
        text = io.StringIO()
        csv.writer(text).writerow(cells)
        # undecodable bytes become \xNN, so that the row can be found and stored
        content = text.getvalue().rstrip("\r\n").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        self.rejected.append({"file": file, "line": line, "reason": reason, "content": content[:MOST_CONTENT]})


def read_files(files: ManualFiles, company: Company, now: datetime) -> _Read:
    """Every row of every file, sorted into entries and rejected rows."""
    read = _Read()
    for path in sorted(files.folder.glob("*.csv")):
        try:
            _read_file(files, company, now, path, read)
        except OSError as error:
            read.reject(path.name, 0, f"the file cannot be read: {error.strerror}", [])
    return read


def _read_file(files: ManualFiles, company: Company, now: datetime, path: Path, read: _Read) -> None:
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape").replace("\0", "\ufffd")
    lines = list(io.StringIO(text, newline=""))
    header: list[str] | None = None
    base = line = 0
    rows = csv.reader(iter(lines), strict=True)
    while True:
        start = line + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            # an unclosed quote swallows everything after it: only its own line is bad, reading goes on below it
            read.reject(path.name, start, f"not CSV: {error}", [lines[start - 1].rstrip("\r\n")])
            base = line = start
            rows = csv.reader(iter(lines[base:]), strict=True)
            continue
        line = base + rows.line_num
        if header and line > start and len(cells) != len(header):
            # a stray quote has joined lines that are rows of their own
            read.reject(path.name, start, "a quote that is not closed on its line", [lines[start - 1].rstrip("\r\n")])
            base = line = start
            rows = csv.reader(iter(lines[base:]), strict=True)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            if fault := _header_fault(header):
                read.reject(path.name, start, fault, cells)
                return
            continue
        try:
            if len(cells) != len(header):
                raise Rejected(f"{len(cells)} cells where the header has {len(header)}")
            if any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
                raise Rejected("not UTF-8 text; save the file as UTF-8")
            entry = _entry(dict(zip(header, (cell.strip() for cell in cells), strict=True)), files, company)
        except Rejected as reason:
            read.reject(path.name, start, str(reason), cells)
            continue
        if entry["entered_at"] <= now:
            read.entries.append({"file": path.name, "line": start, **entry})


def _header_fault(header: list[str]) -> str | None:
    unknown = [name for name in header if name not in NAMES]
    missing = [name for name in NAMES if name not in ("week", "date") and name not in header]
    if "week" not in header and "date" not in header:
        missing.append("week or date")
    twice = sorted({name for name in header if header.count(name) > 1})
    faults = [f"{what} {', '.join(names)}" for what, names in (("it lacks", missing), ("unknown:", unknown), ("twice:", twice)) if names]
    expected = "metric, person, week or date, value, note, entered_by, entered_at"
    return f"the header is not {expected}: {'; '.join(faults)}" if faults else None


def _entry(cells: Mapping[str, str], files: ManualFiles, company: Company) -> dict[str, Any]:
    if cells["metric"] not in files.metrics:
        raise Rejected(f'unknown metric "{cells["metric"]}"; it must be a line_id or metric_id of scorecard_lines.csv')
    if cells["person"] and cells["person"] not in files.people:
        raise Rejected(f'unknown person "{cells["person"]}"; it must be a person_key of people.csv')
    occurred_on = _occurred_on(cells)
    return {
        "metric": cells["metric"],
        "person_key": cells["person"] or None,
        "week_start": week_start(occurred_on),
        "occurred_on": occurred_on,
        "value": _value(cells["value"]),
        "note": cells["note"] or None,
        "entered_by": cells["entered_by"] or None,
        "entered_at": _entered_at(cells["entered_at"], company),
    }


def _occurred_on(cells: Mapping[str, str]) -> date:
    day, week = cells.get("date", ""), cells.get("week", "")
    if not day and not week:
        raise Rejected("neither week nor date is filled in")
    try:
        occurred_on = date.fromisoformat(day) if day else parse_week(week)
    except ValueError:
        raise Rejected(f'"{day}" is not a date such as 2025-10-22' if day else f'"{week}" is not a week such as 2025-W43') from None
    if day and week:
        try:
            if parse_week(week) != week_start(occurred_on):
                raise Rejected(f"{day} is not in week {week}")
        except ValueError:
            raise Rejected(f'"{week}" is not a week such as 2025-W43') from None
    return occurred_on


def _value(text: str) -> Decimal:
    try:
        # Decimal would take digits of other scripts and underscores, and inf; a typed number has none of them
        if not text.isascii() or "_" in text or not math.isfinite(float(text)):
            raise ValueError
        return decimal(text)
    except ValueError:
        raise Rejected(f'the value "{text[:80]}" is not a number; write it like 1250.5' if text else "the value is empty") from None


def _entered_at(text: str, company: Company) -> datetime:
    try:
        entered_at = datetime.fromisoformat(text)
    except ValueError:
        raise Rejected(f'entered_at "{text[:80]}" is not an instant such as 2025-10-24T15:05:00-05:00') from None
    return entered_at if entered_at.tzinfo else entered_at.replace(tzinfo=company.zone)


@dlt.source(name=SOURCE, max_table_nesting=0)
def source(run: Run | None = None) -> Any:
    """All tables of the typed-in numbers. Without `run` they are only declared."""
    read = read_files(run.client, run.company, run.started_at) if run else _Read()
    if run:
        if not run.client.folder.is_dir():
            run.warn(f"Typed-in numbers: the folder {run.client.folder} does not exist; set SCORELINE_MANUAL_DIR or make it")
        for row in read.rejected[:MOST_WARNINGS]:
            run.warn(f"{row['file']}, line {row['line']}: {row['reason']}")
        if len(read.rejected) > MOST_WARNINGS:
            run.warn(f"{len(read.rejected) - MOST_WARNINGS} more rejected rows are in raw_manual.rejected")

    @dlt.resource(
        **table(
            ["file", "line"],
            EVERYTHING,
            {
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
            },
            parallel=False,
        )
    )
    def entries() -> Iterator[Any]:
        """One row per typed-in number: metric (a line or a metric), person, week and value. Corrections stay; the newest counts."""
        yield dlt.mark.materialize_table_schema()
        yield read.entries

    @dlt.resource(
        **table(
            ["file", "line"],
            EVERYTHING,
            {
                "file": "text",
                "line": "bigint",
                "reason": "text",
                "content": "text",
            },
            parallel=False,
        )
    )
    def rejected() -> Iterator[Any]:
        """One row per line of a file that could not be taken, with the reason. Mend the line and run again."""
        yield dlt.mark.materialize_table_schema()
        yield read.rejected

    return entries, rejected


def diagnose(client: ManualFiles, settings: Settings, company: Company) -> Iterator[Finding]:
    """Is the folder there, and can every row be read?"""
    if not client.folder.is_dir():
        yield Finding(SOURCE, "folder", "warn", f"{client.folder} does not exist", "Make it, or set SCORELINE_MANUAL_DIR.")
        return
    read = read_files(client, company, settings.now())
    yield Finding(SOURCE, "folder", "ok", f"{client.folder}: {len(read.entries)} entries")
    for row in read.rejected[:MOST_WARNINGS]:
        where = f"{row['file']}, line {row['line']}"
        yield Finding(SOURCE, "rows", "warn", f"{where}: {row['reason']}", "Correct the line; the next load takes it.")
