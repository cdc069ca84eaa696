"""Ad spend of platforms that are not read by an API: the CSV files of `ad_spend/`.

*.csv -> raw_ad_spend_csv.spend (rows that say what they should) and raw_ad_spend_csv.rejected (the others,
    with file, line, reason)

Columns, in any order: day, source, campaign_name, spend, currency; optional campaign_id, impressions, clicks,
conversions. `day` is the day on which it counts (2025-10-01), `source` the platform in your words
(trade_magazine), `currency` an ISO code. A campaign is known by its campaign_id, or by its name where it has
none. The same source, campaign and day twice in one file is a mistake; in a later file (by file name) it is a
correction, and the later file counts downstream. A day after today is rejected until it comes. A source
that is also read by its API loads with a warning; downstream, days that both have count once.
Both tables are what the files say now; a bad row or file never stops the others.

Settings: SCORELINE_AD_SPEND_DIR. No credentials, so it is always connected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import ColumnType, Finding, Source
from dlt_pipelines.core.values import LARGEST_WHOLE
from dlt_pipelines.kinds.csv_files import (
    Folder,
    Header,
    Read,
    read_folder,
    tables,
)
from dlt_pipelines.registry import SOURCES
from foundation.calendar import local_date
from foundation.cells import Rejected, day, number, waits
from foundation.settings import Company, Settings
from foundation.values import shown

SOURCE = "ad_spend_csv"
FOLDER = "SCORELINE_AD_SPEND_DIR"
COUNTS = ("impressions", "clicks", "conversions")
HEADER = Header(
    "day, source, campaign_name, spend, currency (optional: campaign_id, impressions, clicks, conversions)",
    (("day",), ("source",), ("campaign_name",), ("spend",), ("currency",)),
    ("campaign_id", *COUNTS),
)
SPEND: dict[str, ColumnType] = {
    "file": "text",
    "line": "bigint",
    "day": "date",
    "source": "text",
    "campaign_key": "text",
    "campaign_name": "text",
    "currency": "text",
    "spend": "decimal",
    "impressions": "bigint",
    "clicks": "bigint",
    "conversions": "decimal",
}


def connect(settings: Settings, company: Company) -> Folder:
    """The folder of the files."""
    return Folder(settings.ad_spend_dir)


def identify(client: Folder) -> str:
    """The files are the company's own, wherever they lie."""
    return "files"


def read_files(folder: Path, today: date) -> Read:
    """Every row of every file, sorted into spend and rejected rows."""
    lines: dict[tuple[str, str, str, date], int] = {}

    def spend(file: str, line: int, cells: Mapping[str, str]) -> dict[str, Any] | None:
        row = _spend(cells)
        first = lines.setdefault((file, row["source"].lower(), row["campaign_key"].lower(), row["day"]), line)
        if first != line:
            raise Rejected(
                f"the same source, campaign and day as line {first}; add them up, or correct one in a later"
                " file"
            )
        if waits(row["day"], today):
            raise Rejected(f"{row['day']} is after today, {today}; the row loads once its day has come")
        return row

    return read_folder(folder, HEADER, spend)


def _spend(cells: Mapping[str, str]) -> dict[str, Any]:
    spend_day = day(cells["day"], "a day")
    if not cells["source"]:
        raise Rejected("the source is empty; name the platform")
    name, key = cells["campaign_name"], cells.get("campaign_id") or cells["campaign_name"]
    if not key:
        raise Rejected("neither campaign_name nor campaign_id is filled in")
    if not re.fullmatch("[A-Z]{3}", cells["currency"]):
        raise Rejected(f"{shown(cells['currency'])} is not a currency such as USD")
    counts = {
        count: number(cells[count], f"number of {count}") if cells.get(count) else None for count in COUNTS
    }
    for count in ("impressions", "clicks"):
        if (value := counts[count]) is not None and value != int(value):
            raise Rejected(f"the number of {count} is not whole")
        if value is not None and abs(value) > LARGEST_WHOLE:
            raise Rejected(f"the number of {count} has more than 18 digits")
    return {
        "day": spend_day,
        "source": cells["source"],
        "campaign_key": key,
        "campaign_name": name or None,
        "currency": cells["currency"],
        "spend": number(cells["spend"], "spend"),
        **{
            count: None if value is None else int(value)
            for count, value in counts.items()
            if count != "conversions"
        },
        "conversions": counts["conversions"],
    }


def _twice(read: Read) -> Iterator[str]:
    """A sentence for each platform of the files that is also connected by its API."""
    named = {re.sub(r"\W+", "_", str(row["source"]).lower()): str(row["source"]) for row in read.rows}
    for entry in (entry for name, entry in SOURCES.items() if name.endswith("_ads")):
        kind = entry.source.credentials
        if kind is None or not all(kind.variables().values()):
            continue
        for key, written in named.items():
            if f"{key.removesuffix('_ads')}_ads" == entry.name:
                yield (
                    f"source {shown(written)} is also read by the API of {entry.label}: days that both have"
                    " are left out of the files. Keep only days in the files that the API does not have, or"
                    " give another account another name"
                )


def begin(run: Run[Folder, Read]) -> None:
    """Before the first row: read the files, and name what is wrong with them."""
    run.memory = read_files(run.client.folder, local_date(run.started_at, run.company.zone))
    run.memory.tell(run, "Ad spend files", run.client.folder, FOLDER)
    for text in _twice(run.memory):
        run.warn(f"Ad spend files: {text}")


def diagnose(client: Folder, settings: Settings, company: Company) -> Iterator[Finding]:
    """Is the folder there, and can every row be read?"""
    today = local_date(settings.now(), company.zone)
    read = read_files(client.folder, today)
    yield from read.findings(SOURCE, client.folder, FOLDER, "rows of spend")
    for text in _twice(read):
        yield Finding(SOURCE, "platforms", "warn", text, "Remove the others.")


source: Source[Folder, Read] = Source(
    SOURCE,
    None,
    tables(
        SOURCE,
        "spend",
        "One row per line of a file: what a campaign cost on a day. The same campaign and day in a later file"
        " replaces it downstream.",
        SPEND,
    ),
    connect,
    identify,
    diagnose,
    memory=Read,
    begin=begin,
)
