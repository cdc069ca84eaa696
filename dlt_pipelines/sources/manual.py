"""Typed-in numbers: the CSV files of `manual_entries/` and what people type in the portal, as one stream.

*.csv and the store's entries -> raw_manual.entries (rows that say what they should) and raw_manual.rejected
    (the others, with file, line and reason)

Columns of a file, in any order: metric, person, week or date, value, note, entered_by, entered_at, and
optionally reason (why a number was corrected). `metric` is a line or a metric of scorecard_lines.csv,
`person` a person_key of people.csv or empty, `week` an ISO week (2025-W43) or any day of it, `entered_at` an
instant (without zone: the company's). Both are append-only: a correction is a later row, the newest
entered_at wins downstream. Rows of the store have the file `portal`, and their sequence number as line. Rows
entered after the run's clock are left for later; rows of a week or day that has not begun are rejected until
then. Both tables are what files and store say now; a bad row or file never stops the others. A store that
can't be read does: without its numbers the others would be too few.

Settings: SCORELINE_MANUAL_DIR, STORE_URL. No credentials, so it is always connected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import ColumnType, Finding, Source
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.kinds.csv_files import Folder, Header, Read, read_folder, tables
from foundation.calendar import local_date
from foundation.cells import Rejected, waits
from foundation.settings import Company, Settings, SettingsError
from foundation.store import StoreError, StoreLost, read
from foundation.store.entries import Entry, all_entries
from foundation.typed_in import Names, names, typed_number

SOURCE = "manual"
FOLDER = "SCORELINE_MANUAL_DIR"
HEADER = Header(
    "metric, person, week or date, value, note, entered_by, entered_at",
    (("metric",), ("person",), ("week", "date"), ("value",), ("note",), ("entered_by",), ("entered_at",)),
    optional=("reason",),
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
    "reason": "text",
}
PORTAL = "portal"
"""The file of rows that come from the store. Files end in .csv."""


@dataclass
class ManualFiles(Folder):
    """The places of the files and the store, and the names that rows may use."""

    settings: Settings
    known: Names


def connect(settings: Settings, company: Company) -> ManualFiles:
    """The folder of the files, and the metrics and people they may name.

    Raises:
        PermanentError: a seed file (scorecard_lines.csv, people.csv) is missing or lacks a column.
    """
    try:
        return ManualFiles(settings.manual_dir, settings, names(settings))
    except SettingsError as error:
        raise PermanentError(str(error)) from None


def identify(client: ManualFiles) -> str:
    """The files are the company's own, wherever they lie."""
    return "files"


def read_all(files: ManualFiles, company: Company, now: datetime) -> Read:
    """Every row of every file and of the store, sorted into entries and rejected rows.

    Raises:
        TransientError, PermanentError: the store can't be read.
    """
    today = local_date(now, company.zone)

    def entry(file: str, line: int, cells: Mapping[str, str]) -> dict[str, Any] | None:
        row = typed_number(cells, files.known, company, now)
        late = waits(local_date(row["entered_at"], company.zone), today) or row["entered_at"] > now
        return None if late else row

    found = read_folder(files.folder, HEADER, entry)
    for typed in _stored(files.settings):
        cells = _cells(typed)
        try:
            row = entry(PORTAL, typed.sequence, cells)
        except Rejected as reason:
            found.reject(PORTAL, typed.sequence, str(reason), list(cells.values()))
            continue
        if row is not None:
            found.rows.append({"file": PORTAL, "line": typed.sequence, **row})
    return found


def _stored(settings: Settings) -> list[Entry]:
    try:
        with read(settings) as connection:
            return all_entries(connection)
    except StoreLost as error:
        raise PermanentError(str(error)) from None
    except StoreError as error:
        raise TransientError(str(error)) from None


def _cells(typed: Entry) -> dict[str, str]:
    """A number of the store as a line of a file has it."""
    return {
        "metric": typed.metric,
        "person": typed.person or "",
        "week" if "W" in typed.period else "date": typed.period,
        "value": f"{typed.value:f}",
        "note": typed.note or "",
        "entered_by": typed.entered_by,
        "entered_at": typed.entered_at.isoformat(),
        "reason": typed.reason or "",
    }


def begin(run: Run[ManualFiles, Read]) -> None:
    """Before the first row: read files and store, and name what is wrong with their rows."""
    run.memory = read_all(run.client, run.company, run.started_at)
    run.memory.tell(run, "Typed-in numbers", run.client.folder, FOLDER)


def diagnose(client: ManualFiles, settings: Settings, company: Company) -> Iterator[Finding]:
    """Is the folder there, and can every row of it and of the store be read?"""
    yield from read_all(client, company, settings.now()).findings(SOURCE, client.folder, FOLDER, "entries")


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
